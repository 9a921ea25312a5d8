"""Providers, one file each: how one API speaks. They raise only ProviderError kinds and know nothing of pieces."""
