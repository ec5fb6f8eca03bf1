"""The source transformer that an unmodified rudder-server calls."""
