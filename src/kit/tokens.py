"""Says how the tokens look that vendors give a form of their own."""

from __future__ import annotations

TOKENS = (
    r"(?:sk|rk)_live_[0-9A-Za-z]{10,}"  # Stripe
    r"|gh[pousr]_[0-9A-Za-z]{30,}|github_pat_[0-9A-Za-z_]{30,}"
    r"|xox[abeprs]-[0-9A-Za-z-]{10,}|xapp-[0-9]-[0-9A-Za-z-]{10,}"  # Slack
    r"|shp(?:at|ss|ca|pa)_[0-9a-fA-F]{20,}"  # Shopify
    r"|(?:AKIA|ASIA)[0-9A-Z]{16}"  # AWS
    r"|AIza[0-9A-Za-z_-]{30,}"  # Google
    r"|SG\.[0-9A-Za-z_-]{15,}\.[0-9A-Za-z_-]{15,}"  # SendGrid
    r"|whsec_[0-9A-Za-z+/=]{20,}"  # Standard Webhooks
    r"|eyJ[0-9A-Za-z_-]{15,}\.eyJ[0-9A-Za-z_-]{15,}\.[0-9A-Za-z_-]{20,}"  # a JSON Web Token
)
"""A regular expression for the secret ones."""
