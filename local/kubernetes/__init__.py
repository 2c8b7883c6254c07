"""k8s/base and k8s/components, written from what config/ and components/ are written from: dapr.yaml and the code."""
