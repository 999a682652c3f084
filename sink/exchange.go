package sink

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/edition"
	"github.com/citytally/citytally/ingest/stream"
)

// RebuildDatabase returns the name of the database in which a rebuild of another one fills
// new tables.
func RebuildDatabase(of string) string { return of + "_rebuild" }

// openBeside opens the database in which a rebuild fills new tables. It may not exist yet.
func (s *Store) openBeside() (*Store, error) {
	beside, options := *s, *s.options
	beside.database = RebuildDatabase(beside.database)
	options.Auth.Database = beside.database
	conn, err := clickhouse.Open(&options)
	if err != nil {
		return nil, fmt.Errorf("open ClickHouse: %w", err)
	}
	beside.conn, beside.options = conn, &options
	beside.prepared, beside.viewsFound = &atomic.Pointer[edition.Edition]{}, &atomic.Pointer[viewState]{}
	return &beside, nil
}

// rebuilding is a rebuild under way.
type rebuilding struct {
	store, beside *Store
	log           *stream.Log
}

// createRebuild creates the table that exists while a rebuild is under way. It is created
// when the other tables have been, and dropped with the database.
const createRebuild = `CREATE TABLE IF NOT EXISTS rebuild_data
(
    stream   String COMMENT 'stream of the log, or a table that is to be exchanged and its UUID',
    sequence UInt64 COMMENT 'messages of the stream up to here are in the new tables'
)
ENGINE = ReplacingMergeTree(sequence)
ORDER BY stream
SETTINGS non_replicated_deduplication_window = 0
COMMENT 'How far a rebuild from the log has come'`

// begin makes the new tables, or finds those of a rebuild that was interrupted.
func (b *rebuilding) begin(ctx context.Context, c *catalogue.Catalogue, since time.Time) error {
	usable, err := b.canGoOn(ctx)
	if err != nil {
		return err
	}
	if usable {
		// Where tables are being exchanged, the old ones are in this database.
		if exchanging, err := b.isExchanging(ctx); err != nil || exchanging {
			return err
		}
	} else if err := b.beside.dropDatabase(ctx); err != nil {
		return err
	}
	if err := b.beside.Migrate(ctx); err != nil {
		return fmt.Errorf("make new tables: %w; the user needs the right to create and drop the database %s and to exchange tables with it", err, b.beside.database)
	}
	if err := b.beside.SyncCatalogue(ctx, c, since); err != nil {
		return err
	}
	if err := b.beside.execute(ctx, createRebuild); err != nil {
		return fmt.Errorf("create rebuild_data: %w", err)
	}
	return nil
}

// canGoOn reports whether a rebuild was interrupted that can go on: one of this log, which
// has not come further than the log goes now.
func (b *rebuilding) canGoOn(ctx context.Context) (bool, error) {
	var tables uint64
	if err := b.onServer(func(conn driver.Conn) error {
		return conn.QueryRow(ctx, "SELECT count() FROM system.tables WHERE database = ? AND name = 'rebuild_data'", b.beside.database).Scan(&tables)
	}); err != nil || tables == 0 {
		return false, err
	}
	for _, e := range endStreams {
		var done uint64
		if err := b.beside.conn.QueryRow(ctx, "SELECT max(sequence) FROM rebuild_data WHERE stream = ?", e.stream).Scan(&done); err != nil {
			return false, fmt.Errorf("read how far an interrupted rebuild had come: %w", err)
		}
		last, err := b.log.LastSequence(ctx, e.stream)
		if err != nil || done > last {
			return false, err
		}
	}
	return true, nil
}

func (b *rebuilding) onServer(f func(driver.Conn) error) error {
	if err := b.store.withServerConnection(f); err != nil {
		return fmt.Errorf("look for an interrupted rebuild: %w", err)
	}
	return nil
}

// dropDatabase drops the store's database with everything in it.
func (s *Store) dropDatabase(ctx context.Context) error {
	err := s.withServerConnection(func(conn driver.Conn) error {
		return conn.Exec(ctx, "DROP DATABASE IF EXISTS "+quoteName(s.database)+s.cluster.on()+" SYNC")
	})
	if err != nil {
		return fmt.Errorf("drop database %s: %w", s.database, err)
	}
	return nil
}

// carryOver takes rows over whose messages the log no longer keeps, and what is remembered of the log.
func (b *rebuilding) carryOver(ctx context.Context) error {
	for _, table := range []struct{ name, stream, sequence string }{
		{"submissions_data", stream.Verdicts, "verdict_sequence"}, {"totals_data", stream.Totals, "sequence"}, {"runs_data", stream.Totals, "sequence"},
	} {
		last, err := b.log.LastSequence(ctx, table.stream)
		if err != nil {
			return err
		}
		columns, err := b.commonColumns(ctx, table.name)
		if err != nil {
			return err
		}
		if len(columns) == 0 {
			continue
		}
		list := strings.Join(columns, ", ")
		err = b.beside.conn.Exec(ctx, fmt.Sprintf("INSERT INTO %s (%s) SELECT %[2]s FROM %[3]s.%[1]s WHERE %[4]s < (SELECT if(count() = 0, ?, min(%[4]s)) FROM %[1]s) SETTINGS insert_deduplicate = 0",
			table.name, list, quoteName(b.store.database), table.sequence), last+1)
		if err != nil {
			return fmt.Errorf("take over rows of %s whose messages the log no longer keeps (--discard-newer does without): %w", table.name, err)
		}
	}
	columns, err := b.commonColumns(ctx, "log_data")
	if err != nil || len(columns) == 0 {
		return err
	}
	list := strings.Join(columns, ", ")
	if err := b.beside.conn.Exec(ctx, fmt.Sprintf("INSERT INTO log_data (%s) SELECT %[1]s FROM %s.log_data SETTINGS insert_deduplicate = 0", list, quoteName(b.store.database))); err != nil {
		return fmt.Errorf("take over which log the tables are of: %w", err)
	}
	return nil
}

// commonColumns returns the columns of a table that the store has too, none where the store
// does not have the table.
func (b *rebuilding) commonColumns(ctx context.Context, table string) ([]string, error) {
	rows, err := b.beside.conn.Query(ctx, `SELECT name FROM system.columns WHERE table = ? AND database IN (?, ?) AND default_kind NOT IN ('ALIAS', 'MATERIALIZED')
		GROUP BY name HAVING count() = 2 ORDER BY name`, table, b.store.database, b.beside.database)
	if err != nil {
		return nil, fmt.Errorf("read the columns of %s: %w", table, err)
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("read the columns of %s: %w", table, err)
		}
		names = append(names, quoteName(name))
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the columns of %s: %w", table, err)
	}
	return names, nil
}

// quoteName writes a name in SQL.
func quoteName(name string) string {
	return "`" + strings.ReplaceAll(strings.ReplaceAll(name, `\`, `\\`), "`", "\\`") + "`"
}

// exchangePrefix begins what rebuild_data holds of a table that is to be exchanged: its name
// and the UUID of the new one, by which a rebuild that was interrupted knows which tables it
// has exchanged.
const exchangePrefix = "exchange "

func (b *rebuilding) isExchanging(ctx context.Context) (bool, error) {
	planned, err := b.planned(ctx)
	return len(planned) > 0, err
}

// planned returns the UUIDs of the new tables that are to be exchanged, by name.
func (b *rebuilding) planned(ctx context.Context) (map[string]string, error) {
	rows, err := b.beside.conn.Query(ctx, "SELECT DISTINCT stream FROM rebuild_data WHERE startsWith(stream, ?)", exchangePrefix)
	if err != nil {
		return nil, fmt.Errorf("read which tables are to be exchanged: %w", err)
	}
	defer rows.Close()
	planned := map[string]string{}
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, fmt.Errorf("read which tables are to be exchanged: %w", err)
		}
		name, uuid, _ := strings.Cut(strings.TrimPrefix(text, exchangePrefix), " ")
		planned[name] = uuid
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read which tables are to be exchanged: %w", err)
	}
	return planned, nil
}

// tablesOf returns the UUIDs of a database's tables, by name, without views.
func (b *rebuilding) tablesOf(ctx context.Context, database string) (map[string]string, error) {
	rows, err := b.beside.conn.Query(ctx, "SELECT name, toString(uuid) FROM system.tables WHERE database = ? AND engine NOT LIKE '%View' AND engine != 'Distributed' AND name != 'rebuild_data'", database)
	if err != nil {
		return nil, fmt.Errorf("list the tables of %s: %w", database, err)
	}
	defer rows.Close()
	tables := map[string]string{}
	for rows.Next() {
		var name, uuid string
		if err := rows.Scan(&name, &uuid); err != nil {
			return nil, fmt.Errorf("list the tables of %s: %w", database, err)
		}
		tables[name] = uuid
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list the tables of %s: %w", database, err)
	}
	return tables, nil
}

// exchange puts the new tables in the place of the store's, one after another. It goes on
// with an exchange that was interrupted.
func (b *rebuilding) exchange(ctx context.Context) error {
	planned, err := b.planned(ctx)
	if err != nil {
		return err
	}
	if len(planned) == 0 {
		if planned, err = b.tablesOf(ctx, b.beside.database); err != nil {
			return err
		}
		var texts []string
		for name, uuid := range planned {
			texts = append(texts, exchangePrefix+name+" "+uuid)
		}
		if err := b.beside.insert(ctx, "rebuild_data", []column{{"stream", texts}, {"sequence", make([]uint64, len(texts))}}); err != nil {
			return err
		}
	}
	shown, err := b.tablesOf(ctx, b.store.database)
	if err != nil {
		return err
	}
	for name, uuid := range planned {
		statement := fmt.Sprintf("EXCHANGE TABLES %s.%s AND %s.%[2]s", quoteName(b.store.database), quoteName(name), quoteName(b.beside.database))
		switch shown[name] {
		case uuid:
			continue
		case "":
			statement = fmt.Sprintf("RENAME TABLE %s.%s TO %s.%[2]s", quoteName(b.beside.database), quoteName(name), quoteName(b.store.database))
		}
		if err := b.beside.conn.Exec(ctx, statement+b.beside.cluster.on()); err != nil {
			return fmt.Errorf("put the new table %s in place: %w", name, err)
		}
	}
	return nil
}
