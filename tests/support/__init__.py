"""What tests share: source folders, servers, senders, stores and data planes, all of them real."""
