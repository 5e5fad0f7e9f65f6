-- Roles for a gpuhm store on a server, each with no more than it needs. Run it once, before the first `gpuhm migrate`, in the
-- store's own database, as a superuser or as a role that may create roles and owns the database:
--
--     psql -d gpuhm -f docs/postgres-roles.sql
--
-- Then give passwords (psql: \password gpuhm_service), or let pg_hba.conf know them otherwise.

-- Makes and changes the tables: `gpuhm migrate`, by a person or at an upgrade. On TimescaleDB its policies run as this role:
-- that is why it must be allowed to log in.
CREATE ROLE gpuhm_owner LOGIN;
-- Reads and writes rows: validate, aggregate, score, predict, run, silence, assets import, predict label, doctor.
CREATE ROLE gpuhm_service LOGIN;
-- Reads rows: top, tail, assets export, a dashboard.
CREATE ROLE gpuhm_reader LOGIN;

-- Nobody else makes anything here, and everyone means the same tables. TimescaleDB's functions are in public.
CREATE SCHEMA gpuhm AUTHORIZATION gpuhm_owner;
ALTER ROLE gpuhm_owner SET search_path = gpuhm, public;
ALTER ROLE gpuhm_service SET search_path = gpuhm, public;
ALTER ROLE gpuhm_reader SET search_path = gpuhm, public;
GRANT USAGE ON SCHEMA gpuhm TO gpuhm_service, gpuhm_reader;

-- What the owner makes from now on. The books of migrations stay its own to write: the first migration sees to it.
ALTER DEFAULT PRIVILEGES FOR ROLE gpuhm_owner IN SCHEMA gpuhm
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO gpuhm_service;
ALTER DEFAULT PRIVILEGES FOR ROLE gpuhm_owner IN SCHEMA gpuhm
    GRANT SELECT ON TABLES TO gpuhm_reader;
-- Partitions are made and dropped by functions that act as the owner and know nothing but the store's own tables.
ALTER DEFAULT PRIVILEGES FOR ROLE gpuhm_owner IN SCHEMA gpuhm
    GRANT EXECUTE ON FUNCTIONS TO gpuhm_service;
