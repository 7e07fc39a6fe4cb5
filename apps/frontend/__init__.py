"""The frontend: pages, the proxy, and the live board that every screen is fed from."""
