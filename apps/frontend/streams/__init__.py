"""The café's views of the live core, and who may subscribe to them."""
