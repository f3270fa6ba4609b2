"""Mail and HTTP: what leaves by the network, and when to try again."""
