public import Store

extension LinkStore {
    /// The steps to this module's tables; they come after those of ``CalendarStore``.
    ///
    /// Times are seconds since 1970, truth is 1 or 0. Keys come from `sync_counter`, so that none is ever given twice.
    public static let migrations: [Migration] = [
        Migration(name: "Links", statements: links),
        Migration(name: "Memory of links", statements: memory),
        Migration(name: "What links did and what waits for a person", statements: history),
        Migration(name: "What a person leaves out, and what of ours cannot be read", statements: choices),
        Migration(name: "What is in step, to be counted quickly", statements: counting),
        Migration(name: "When upstreams called", statements: ["ALTER TABLE link ADD COLUMN rang_at BIGINT"]),
        // How often somebody decided something that a pass must look at: one that began before does not count.
        Migration(
            name: "What is decided while a pass runs",
            statements: ["ALTER TABLE link ADD COLUMN decisions BIGINT NOT NULL DEFAULT 0"]
        ),
        Migration(
            name: "Until when an upstream takes no writes",
            statements: ["ALTER TABLE link ADD COLUMN writes_not_before BIGINT"]
        ),
        // Set when a series is mirrored whose records may lack something of ours, until they were looked at.
        Migration(
            name: "What upstreams are still to be completed",
            statements: [
                "ALTER TABLE mirrored_object ADD COLUMN is_to_be_mended BIGINT NOT NULL DEFAULT 0",
                "CREATE INDEX mirrored_object_to_be_mended ON mirrored_object (link, series) WHERE is_to_be_mended = 1",
            ]
        ),
        Migration(name: "What channels call", statements: ["ALTER TABLE channel ADD COLUMN address TEXT"]),
        Migration(name: "Which link protects an event", statements: protections),
        // The series upstream that an event was split off from, or that others may have been in the same run.
        Migration(name: "What was one series", statements: ["ALTER TABLE pass_item ADD COLUMN family TEXT"]),
        Migration(
            name: "The parts of a series by what it was",
            statements: [
                "CREATE INDEX pass_item_part ON pass_item (family) WHERE undo_removes = 'gateway' AND family IS NOT NULL"
            ]
        ),
        Migration(name: "Whose an event was that is gone", statements: departures),
        Migration(
            name: "What a write is about",
            statements: [
                "ALTER TABLE intent ADD COLUMN fields TEXT NOT NULL DEFAULT ''",
                "ALTER TABLE intent ADD COLUMN is_several BIGINT NOT NULL DEFAULT 1",
            ]
        ),
        // 1 where the run made an event upstream and its guests were mailed about it.
        Migration(
            name: "Whose guests a run told of an event",
            statements: ["ALTER TABLE pass_item ADD COLUMN tells_guests BIGINT NOT NULL DEFAULT 0"]
        ),
        // What the upstream had of an event where the run was the first to bring both sides of it together.
        Migration(
            name: "What both sides had before they were linked",
            statements: ["ALTER TABLE pass_item ADD COLUMN undo_upstream TEXT"]
        ),
        // The event before the first of its writes, where the upstream took some of them and not all.
        Migration(
            name: "What was there before it was half written",
            statements: ["ALTER TABLE retry ADD COLUMN undo_text TEXT"]
        ),
        // UIDs, on either side, of events that a plan takes for one with another, and that a person says are two.
        Migration(
            name: "What a person says is two events",
            statements: [
                """
                CREATE TABLE separated (
                    link INTEGER NOT NULL REFERENCES link (id) ON DELETE CASCADE,
                    uid TEXT NOT NULL,
                    PRIMARY KEY (link, uid)
                )
                """
            ]
        ),
        // 1 once a pass has ended while the account might write there: all that was here then had a way to go.
        Migration(
            name: "Which links ever wrote",
            statements: [
                "ALTER TABLE link ADD COLUMN has_written BIGINT NOT NULL DEFAULT 0",
                """
                UPDATE link SET has_written = 1
                WHERE last_synced_at IS NOT NULL AND access <> 'reader'
                    OR EXISTS (SELECT 1 FROM base WHERE base.link = link.id AND origin = 'gateway')
                """,
            ]
        ),
        // Moved to another calendar of the upstream, a record need not have the UID there that it had.
        Migration(
            name: "Which record an event that is gone was",
            statements: [
                "ALTER TABLE departed ADD COLUMN series TEXT",
                "CREATE INDEX departed_by_series ON departed (link, series)",
            ]
        ),
        // 1 where the upstream itself said so; what is only a guess ends sooner when a person asks.
        Migration(
            name: "Who says until when an upstream takes no writes",
            statements: ["ALTER TABLE link ADD COLUMN is_pause_told BIGINT NOT NULL DEFAULT 0"]
        ),
    ]

    private static let choices = [
        // Events that a link leaves alone on both sides, because a person said so or undid what brought them.
        """
        CREATE TABLE skipped (
            link INTEGER NOT NULL REFERENCES link (id) ON DELETE CASCADE,
            uid TEXT NOT NULL,
            since BIGINT NOT NULL,
            PRIMARY KEY (link, uid)
        )
        """,
        // Pairs of one event here and one series there that a plan proposed to be the same.
        """
        CREATE TABLE pairing (
            link INTEGER NOT NULL REFERENCES link (id) ON DELETE CASCADE,
            series TEXT NOT NULL,
            uid TEXT NOT NULL,
            confidence BIGINT NOT NULL,
            PRIMARY KEY (link, series)
        )
        """,
        // Objects of ours that no longer parse; nothing of them travels until they do.
        """
        CREATE TABLE unreadable (
            link INTEGER NOT NULL REFERENCES link (id) ON DELETE CASCADE,
            uid TEXT NOT NULL,
            text TEXT NOT NULL,
            problem TEXT NOT NULL,
            problem_id BIGINT NOT NULL,
            problem_since BIGINT NOT NULL,
            PRIMARY KEY (link, uid)
        )
        """,
        // What undoing a run takes away again: 'gateway' or 'upstream', where the run made the event.
        "ALTER TABLE pass_item ADD COLUMN undo_removes TEXT",
        "ALTER TABLE link ADD COLUMN channel_problem TEXT",
        "ALTER TABLE link ADD COLUMN channel_failures BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE link ADD COLUMN channel_due_at BIGINT",
        "CREATE INDEX pass_by_time ON pass (started_at)",
    ]

    // The reason for which clients may not change an event that the upstream of a link alone may change. Until now the
    // event itself told, of which one may think whence it came.
    private static let protections = [
        "ALTER TABLE base ADD COLUMN protection TEXT",
        """
        UPDATE base SET protection = (
            SELECT object.protection FROM object JOIN link ON link.calendar = object.calendar
            WHERE link.id = base.link AND object.uid = base.uid)
        WHERE origin <> 'gateway' AND link IN (SELECT id FROM link WHERE provider = 'google')
        """,
        "CREATE INDEX base_protecting ON base (uid) WHERE protection IS NOT NULL",
    ]

    // Brought back, an event is whose it was. Until now only runs told what had come from upstream.
    private static let departures = [
        """
        CREATE TABLE departed (
            link INTEGER NOT NULL REFERENCES link (id) ON DELETE CASCADE,
            uid TEXT NOT NULL,
            origin TEXT NOT NULL,
            since BIGINT NOT NULL,
            PRIMARY KEY (link, uid)
        )
        """,
        """
        INSERT INTO departed (link, uid, origin, since)
        SELECT pass.link, pass_item.uid, 'upstream', MAX(pass.started_at)
        FROM pass_item JOIN pass ON pass.id = pass_item.pass
        WHERE undo_removes = 'gateway' AND pass_item.outcome = 'done'
            AND NOT EXISTS (SELECT 1 FROM base WHERE base.link = pass.link AND base.uid = pass_item.uid)
        GROUP BY pass.link, pass_item.uid
        """,
    ]

    // The rows of base are long: counted one by one, a status would read all of them.
    private static let counting = [
        "CREATE INDEX base_agreed ON base (link, uid) WHERE agreed_at IS NOT NULL"
    ]

    private static let links = [
        "CREATE TABLE sync_counter (name TEXT PRIMARY KEY, value BIGINT NOT NULL)",
        """
        CREATE TABLE link (
            id INTEGER PRIMARY KEY,
            principal INTEGER NOT NULL REFERENCES principal (id) ON DELETE CASCADE,
            calendar INTEGER NOT NULL REFERENCES calendar (id) ON DELETE CASCADE,
            connection INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
            provider TEXT NOT NULL,
            upstream_calendar TEXT NOT NULL,
            upstream_name TEXT NOT NULL,
            direction TEXT NOT NULL,
            policy TEXT NOT NULL,
            mapping TEXT,
            filters TEXT,
            notifies_guests BIGINT NOT NULL,
            identity TEXT NOT NULL UNIQUE,
            time_zone TEXT NOT NULL,
            access TEXT NOT NULL,
            created_at BIGINT NOT NULL,
            state TEXT NOT NULL,
            cursor TEXT,
            last_synced_at BIGINT,
            next_sync_at BIGINT,
            not_before BIGINT,
            failures BIGINT NOT NULL DEFAULT 0,
            pending BIGINT NOT NULL DEFAULT 0,
            seen_revision BIGINT,
            seen_mark TEXT NOT NULL DEFAULT '',
            error_code TEXT,
            error_message TEXT,
            error_remedy TEXT
        )
        """,
        "CREATE UNIQUE INDEX link_by_ends ON link (calendar, connection, upstream_calendar)",
        "CREATE INDEX link_by_principal ON link (principal)",
        "CREATE INDEX link_by_connection ON link (connection)",
    ]

    private static let memory = [
        """
        CREATE TABLE mirror (
            link INTEGER NOT NULL REFERENCES link (id) ON DELETE CASCADE,
            record TEXT NOT NULL,
            series TEXT NOT NULL,
            revision TEXT,
            payload TEXT NOT NULL,
            is_deleted BIGINT NOT NULL,
            modified BIGINT,
            PRIMARY KEY (link, record)
        )
        """,
        "CREATE INDEX mirror_by_series ON mirror (link, series)",
        // text is NULL for a series that is no event now, or that could not be read: problem then says why.
        """
        CREATE TABLE mirrored_object (
            link INTEGER NOT NULL REFERENCES link (id) ON DELETE CASCADE,
            series TEXT NOT NULL,
            uid TEXT,
            text TEXT,
            digest TEXT NOT NULL,
            modified BIGINT,
            problem TEXT,
            problem_id BIGINT,
            problem_since BIGINT,
            PRIMARY KEY (link, series)
        )
        """,
        "CREATE INDEX mirrored_object_by_uid ON mirrored_object (link, uid)",
        // agreed_at is NULL for an agreement that a person ended; the row stays to remember whose the event was.
        """
        CREATE TABLE base (
            link INTEGER NOT NULL REFERENCES link (id) ON DELETE CASCADE,
            uid TEXT NOT NULL,
            series TEXT,
            local_fields TEXT NOT NULL,
            remote_fields TEXT NOT NULL,
            local_text TEXT NOT NULL,
            remote_text TEXT NOT NULL,
            local_digest TEXT NOT NULL,
            remote_digest TEXT NOT NULL,
            origin TEXT NOT NULL,
            agreed_at BIGINT,
            run BIGINT,
            PRIMARY KEY (link, uid)
        )
        """,
        "CREATE INDEX base_by_series ON base (link, series)",
        """
        CREATE TABLE intent (
            link INTEGER NOT NULL REFERENCES link (id) ON DELETE CASCADE,
            uid TEXT NOT NULL,
            is_creation BIGINT NOT NULL,
            text TEXT NOT NULL,
            at BIGINT NOT NULL,
            PRIMARY KEY (link, uid)
        )
        """,
        """
        CREATE TABLE retry (
            id INTEGER PRIMARY KEY,
            link INTEGER NOT NULL REFERENCES link (id) ON DELETE CASCADE,
            uid TEXT NOT NULL,
            summary TEXT,
            action TEXT NOT NULL,
            attempts BIGINT NOT NULL,
            due_at BIGINT,
            is_dismissed BIGINT NOT NULL DEFAULT 0,
            local_digest TEXT NOT NULL,
            remote_digest TEXT NOT NULL,
            since BIGINT NOT NULL,
            error_code TEXT NOT NULL,
            error_message TEXT NOT NULL,
            error_remedy TEXT NOT NULL
        )
        """,
        "CREATE UNIQUE INDEX retry_by_item ON retry (link, uid)",
        """
        CREATE TABLE channel (
            id TEXT PRIMARY KEY,
            link INTEGER NOT NULL REFERENCES link (id) ON DELETE CASCADE,
            resource TEXT NOT NULL,
            token_digest TEXT NOT NULL,
            opened_at BIGINT NOT NULL,
            expires_at BIGINT NOT NULL
        )
        """,
        "CREATE INDEX channel_by_link ON channel (link)",
    ]

    private static let history = [
        """
        CREATE TABLE conflict (
            id INTEGER PRIMARY KEY,
            link INTEGER NOT NULL REFERENCES link (id) ON DELETE CASCADE,
            calendar INTEGER NOT NULL,
            uid TEXT NOT NULL,
            summary TEXT,
            is_open BIGINT NOT NULL,
            created_at BIGINT NOT NULL,
            resolved_at BIGINT,
            resolution TEXT,
            resolved_by TEXT,
            run BIGINT,
            field_keys TEXT NOT NULL,
            local_fields TEXT NOT NULL,
            remote_fields TEXT NOT NULL,
            base_text TEXT,
            gateway_text TEXT,
            upstream_text TEXT,
            local_digest TEXT NOT NULL,
            remote_digest TEXT NOT NULL
        )
        """,
        "CREATE UNIQUE INDEX conflict_open ON conflict (link, uid) WHERE is_open = 1",
        "CREATE INDEX conflict_by_link ON conflict (link, id)",
        """
        CREATE TABLE held (
            link INTEGER NOT NULL REFERENCES link (id) ON DELETE CASCADE,
            uid TEXT NOT NULL,
            summary TEXT,
            side TEXT NOT NULL,
            since BIGINT NOT NULL,
            is_approved BIGINT NOT NULL,
            PRIMARY KEY (link, uid)
        )
        """,
        """
        CREATE TABLE pass (
            id INTEGER PRIMARY KEY,
            link INTEGER NOT NULL REFERENCES link (id) ON DELETE CASCADE,
            calendar INTEGER NOT NULL,
            started_at BIGINT NOT NULL,
            finished_at BIGINT,
            outcome TEXT NOT NULL,
            pulled BIGINT NOT NULL DEFAULT 0,
            pushed BIGINT NOT NULL DEFAULT 0,
            merged BIGINT NOT NULL DEFAULT 0,
            deleted_here BIGINT NOT NULL DEFAULT 0,
            deleted_upstream BIGINT NOT NULL DEFAULT 0,
            conflicts BIGINT NOT NULL DEFAULT 0,
            failed BIGINT NOT NULL DEFAULT 0,
            held BIGINT NOT NULL DEFAULT 0,
            undone_at BIGINT,
            error_code TEXT,
            error_message TEXT,
            error_remedy TEXT
        )
        """,
        "CREATE INDEX pass_by_link ON pass (link, id)",
        // undo_text is what undoing the run makes of the event here; NULL where undoing leaves it alone.
        """
        CREATE TABLE pass_item (
            pass INTEGER NOT NULL REFERENCES pass (id) ON DELETE CASCADE,
            uid TEXT NOT NULL,
            summary TEXT,
            action TEXT NOT NULL,
            outcome TEXT NOT NULL,
            message TEXT,
            fields TEXT NOT NULL,
            undo_text TEXT,
            PRIMARY KEY (pass, uid)
        )
        """,
    ]
}
