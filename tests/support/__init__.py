"""What tests share: folders, servers, senders, stores and data planes, all of them real."""
