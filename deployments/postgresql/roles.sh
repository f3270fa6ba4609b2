#!/bin/sh
# Makes the database `filing` with its owner and the role that works in it; neither is a superuser. The superuser runs it
# once, when the server is new: by the image's entry point, or by hand with both passwords in the environment.
set -eu
psql --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres \
  --set owner_password="${OWNER_PASSWORD:?}" --set worker_password="${WORKER_PASSWORD:?}" <<'SQL'
CREATE ROLE filing_owner LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB PASSWORD :'owner_password';
CREATE ROLE filing LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB PASSWORD :'worker_password';
CREATE DATABASE filing OWNER filing_owner;
REVOKE ALL ON DATABASE filing FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE filing TO filing;
SQL
