"""Why a request failed: evidence in, verdict out."""
