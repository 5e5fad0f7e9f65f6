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

-- Retention and `migrate copy` keep rows aside in temporary tables. Everyone may make those, but where somebody took that
-- right from PUBLIC.
DO $$
BEGIN
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO gpuhm_owner, gpuhm_service', current_database());
END
$$;

-- Up to PostgreSQL 14, and in databases that came from there, everyone may make tables and functions in public, which is in
-- the search path of all three: they would be found there by who means others. Who does not own public (a role that owns no
-- more than the database, up to 14) cannot change that: then a superuser should.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_namespace WHERE nspname = 'public' AND pg_has_role(nspowner, 'USAGE')) THEN
        REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    ELSE
        RAISE NOTICE 'schema public is absent or not yours: who owns it should REVOKE CREATE ON SCHEMA public FROM PUBLIC';
    END IF;
END
$$;

-- Who is no superuser must belong to the owner to give it things; the last line ends that.
GRANT gpuhm_owner TO CURRENT_USER;

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

REVOKE gpuhm_owner FROM CURRENT_USER;
