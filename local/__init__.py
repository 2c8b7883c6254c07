"""What one machine needs in place of a cluster: Dapr, a data tier, a control plane and a launcher."""
