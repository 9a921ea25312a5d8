"""The sandbox: a local stand-in for every model provider, speaking their wire formats over HTTP."""
