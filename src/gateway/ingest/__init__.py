"""Accepts webhooks: authenticates each call, verifies and maps it, stores its events, and answers.

endpoint -> auth -> acceptor: body -> verification -> form -> mapping -> store -> answer
"""
