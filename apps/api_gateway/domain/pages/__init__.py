"""The few HTML pages of the gateway: self-contained, no script, nothing from the network."""
