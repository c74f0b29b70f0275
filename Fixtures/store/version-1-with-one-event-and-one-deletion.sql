-- The schema of version 1 with a principal, one event that lives, one that was deleted, and a dead property.
CREATE TABLE schema_migration (position BIGINT NOT NULL UNIQUE, name TEXT PRIMARY KEY);
CREATE TABLE counter (name TEXT PRIMARY KEY, value BIGINT NOT NULL);
CREATE TABLE principal (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    email TEXT,
    display_name TEXT,
    is_admin BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    password_hash TEXT
);
CREATE TABLE calendar (
    id INTEGER PRIMARY KEY,
    owner INTEGER NOT NULL REFERENCES principal (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    display_name TEXT,
    description TEXT,
    color TEXT,
    sort_order BIGINT,
    time_zone TEXT,
    components TEXT NOT NULL,
    revision BIGINT NOT NULL,
    purged_below BIGINT NOT NULL,
    is_write_protected BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT
);
CREATE UNIQUE INDEX calendar_by_name ON calendar (owner, name) WHERE deleted_at IS NULL;
CREATE INDEX calendar_by_owner ON calendar (owner);
CREATE TABLE dead_property (
    calendar INTEGER NOT NULL REFERENCES calendar (id) ON DELETE CASCADE,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    xml TEXT NOT NULL,
    PRIMARY KEY (calendar, namespace, name)
);
CREATE TABLE version (
    number INTEGER PRIMARY KEY,
    object INTEGER NOT NULL,
    calendar INTEGER NOT NULL REFERENCES calendar (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    uid TEXT NOT NULL,
    kind TEXT NOT NULL,
    at BIGINT NOT NULL,
    author_kind TEXT NOT NULL,
    author_name TEXT NOT NULL,
    run BIGINT,
    summary TEXT,
    text TEXT NOT NULL
);
CREATE INDEX version_by_object ON version (object, number);
CREATE INDEX version_by_uid ON version (calendar, uid, number);
CREATE INDEX version_by_time ON version (at);
CREATE TABLE object (
    id INTEGER PRIMARY KEY,
    calendar INTEGER NOT NULL REFERENCES calendar (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    uid TEXT NOT NULL,
    etag TEXT NOT NULL,
    kind TEXT NOT NULL,
    size BIGINT NOT NULL,
    modified BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    version INTEGER NOT NULL,
    first_start BIGINT NOT NULL,
    last_end BIGINT NOT NULL,
    precision_name TEXT NOT NULL
);
CREATE UNIQUE INDEX object_by_name ON object (calendar, name);
CREATE UNIQUE INDEX object_by_uid ON object (calendar, uid);
CREATE UNIQUE INDEX object_by_revision ON object (calendar, revision);
CREATE INDEX object_by_end ON object (calendar, last_end, first_start);
CREATE TABLE occurrence_window (
    object INTEGER PRIMARY KEY REFERENCES object (id) ON DELETE CASCADE,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    occurrences BYTEA NOT NULL
);
CREATE TABLE tombstone (
    calendar INTEGER NOT NULL REFERENCES calendar (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    revision BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (calendar, name)
);
CREATE UNIQUE INDEX tombstone_by_revision ON tombstone (calendar, revision);
CREATE INDEX tombstone_by_time ON tombstone (at);
CREATE TABLE app_password (
    id INTEGER PRIMARY KEY,
    principal INTEGER NOT NULL REFERENCES principal (id) ON DELETE CASCADE,
    label TEXT NOT NULL,
    hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX app_password_by_principal ON app_password (principal);
CREATE TABLE api_token (
    id INTEGER PRIMARY KEY,
    principal INTEGER NOT NULL REFERENCES principal (id) ON DELETE CASCADE,
    label TEXT NOT NULL,
    scopes TEXT NOT NULL,
    digest BYTEA NOT NULL UNIQUE,
    created_at BIGINT NOT NULL
);
CREATE INDEX api_token_by_principal ON api_token (principal);
CREATE TABLE connection (
    id INTEGER PRIMARY KEY,
    principal INTEGER NOT NULL REFERENCES principal (id) ON DELETE CASCADE,
    provider TEXT NOT NULL,
    state TEXT NOT NULL,
    account TEXT,
    problem_code TEXT,
    problem_message TEXT,
    problem_remedy TEXT,
    sealed_tokens BYTEA,
    created_at BIGINT NOT NULL
);
CREATE INDEX connection_by_principal ON connection (principal);
CREATE TABLE pending_authorization (
    state_digest BYTEA PRIMARY KEY,
    connection INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
    principal INTEGER NOT NULL REFERENCES principal (id) ON DELETE CASCADE,
    session_binding_digest BYTEA NOT NULL,
    sealed_verifier BYTEA NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX pending_authorization_by_connection ON pending_authorization (connection);
CREATE INDEX pending_authorization_by_principal ON pending_authorization (principal);
CREATE INDEX pending_authorization_by_expiry ON pending_authorization (expires_at);
CREATE TABLE session (
    digest BYTEA PRIMARY KEY,
    principal INTEGER NOT NULL REFERENCES principal (id) ON DELETE CASCADE,
    csrf_digest BYTEA NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX session_by_principal ON session (principal);
CREATE INDEX session_by_expiry ON session (expires_at);
CREATE TABLE setting (name TEXT PRIMARY KEY, value BYTEA NOT NULL);
INSERT INTO schema_migration VALUES (1, 'Principals');
INSERT INTO schema_migration VALUES (2, 'Calendars, objects and their versions');
INSERT INTO schema_migration VALUES (3, 'Credentials, connections and sessions');
INSERT INTO counter VALUES ('principal', 1);
INSERT INTO counter VALUES ('calendar', 1);
INSERT INTO counter VALUES ('object', 2);
INSERT INTO counter VALUES ('version', 3);
INSERT INTO principal VALUES (1, 'alice', NULL, NULL, 0, 1795251600, NULL);
INSERT INTO calendar VALUES (1, 1, 'default', NULL, NULL, NULL, NULL, NULL, 'VEVENT VTODO', 3, 0, 0, 1795251600, NULL);
INSERT INTO dead_property VALUES (1, 'urn:x', 'y', '<y xmlns=''urn:x''/>');
INSERT INTO version VALUES (1, 1, 1, 'lunch.ics', 'lunch@example.org', 'created', 1795251600, 'client', 'Example/1 alice', NULL, 'Lunch', replace('BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Tests//EN
BEGIN:VEVENT
UID:lunch@example.org
DTSTAMP:20261121T080000Z
SUMMARY:Lunch
DESCRIPTION:bla bla bla bla bla bla bla bla bla bla bla bla bla bla bla 
DTSTART:20261121T090000Z
DTEND:20261121T100000Z
RRULE:FREQ=WEEKLY
END:VEVENT
END:VCALENDAR
', char(10), char(13, 10)));
INSERT INTO version VALUES (2, 2, 1, 'gone.ics', 'gone@example.org', 'created', 1795251600, 'client', 'Example/1 alice', NULL, 'Gone', replace('BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Tests//EN
BEGIN:VEVENT
UID:gone@example.org
DTSTAMP:20261121T080000Z
SUMMARY:Gone
DESCRIPTION:bla bla bla bla bla bla bla bla bla bla bla bla bla bla bla 
DTSTART:20261121T090000Z
DTEND:20261121T100000Z
END:VEVENT
END:VCALENDAR
', char(10), char(13, 10)));
INSERT INTO version VALUES (3, 2, 1, 'gone.ics', 'gone@example.org', 'deleted', 1795251600, 'client', 'Example/1 alice', NULL, 'Gone', replace('BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Tests//EN
BEGIN:VEVENT
UID:gone@example.org
DTSTAMP:20261121T080000Z
SUMMARY:Gone
DESCRIPTION:bla bla bla bla bla bla bla bla bla bla bla bla bla bla bla 
DTSTART:20261121T090000Z
DTEND:20261121T100000Z
END:VEVENT
END:VCALENDAR
', char(10), char(13, 10)));
INSERT INTO object VALUES (1, 1, 'lunch.ics', 'lunch@example.org', 'bf93545586dc8e59fc03d3f3dea0e921', 'VEVENT', 299, 1795251600, 1, 1, 1795251600, 9223372036854775807, 'recurring');
INSERT INTO occurrence_window VALUES (1, 1787302800, 1829811600, X'80a8ca07a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a03880ea49a038');
INSERT INTO tombstone VALUES (1, 'gone.ics', 3, 1795251600);
