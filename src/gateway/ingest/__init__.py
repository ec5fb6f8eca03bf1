"""A sender's call in; its events kept, and then the sender told: the endpoint, and what it is made of."""
