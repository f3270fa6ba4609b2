"""Sources on other machines: HTTP, SQL, remote folders."""
