"""Pictures: gates on what providers send, and the compositor that makes slides."""
