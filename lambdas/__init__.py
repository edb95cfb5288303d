"""What happens when an event comes: one folder a function, the shared words beside them."""
