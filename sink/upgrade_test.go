package sink

import (
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/sink/chdb/chdbtest"
)

var update = flag.Bool("update", false, "write what the newest schema holds, where that is not kept yet")

// Each file in testdata holds the rows of the tables of an earlier schema. After the
// migrations to the present schema, the views show them as if they had been written under
// it. A file is never changed; a new migration gets a new file.
func TestDataOfEarlierSchemasIsRead(t *testing.T) {
	t.Parallel()
	names, err := fs.Glob(schema, "schema/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	today := filled(t, schema)
	if err := today.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	whole, noReleases := snapshot(t, today), snapshot(t, newStore(t))["releases"]
	before := ""
	for version := 2; version <= len(names); version++ {
		t.Run(fmt.Sprintf("%04d", version), func(t *testing.T) {
			old := fstest.MapFS{}
			for _, name := range names[:version] {
				text, err := fs.ReadFile(schema, name)
				if err != nil {
					t.Fatal(err)
				}
				old[name] = &fstest.MapFile{Data: text}
			}
			file := filepath.Join("testdata", fmt.Sprintf("written.%04d.sql", version))
			if _, err := os.Stat(file); *update && os.IsNotExist(err) {
				if err := os.WriteFile(file, []byte(tables(t, filled(t, old))), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			written, err := os.ReadFile(file)
			if err != nil {
				t.Fatalf("%v; write it with -update before another migration follows", err)
			}
			if string(written) == before {
				return // the rows of the schema before, which have passed through this one
			}
			before = string(written)
			s := openStore(t, engine.start(t).DSN(chdbtest.User), freshDatabase())
			if err := s.migrate(t.Context(), old); err != nil {
				t.Fatal(err)
			}
			for _, statement := range splitStatements(string(written)) {
				if err := s.conn.Exec(t.Context(), statement); err != nil {
					t.Fatalf("%v\n%s", err, statement)
				}
			}
			if err := s.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			want := maps.Clone(whole)
			if version < 3 {
				want["releases"] = noReleases // releases came with the third migration
			}
			if diff := cmp.Diff(want, snapshot(t, s)); diff != "" {
				t.Errorf("(-written today +written under schema %d)\n%s", version, diff)
			}
		})
	}
}

// filled returns a store with the given schema and rows in every table.
func filled(t testing.TB, files fs.FS) *Store {
	t.Helper()
	s := openStore(t, engine.start(t).DSN(chdbtest.User), freshDatabase())
	if err := s.migrate(t.Context(), files); err != nil {
		t.Fatal(err)
	}
	accepted, verdicts, totals := everything(t)
	put(t, s, &observationBlock{}, 1, accepted...)
	put(t, s, &verdictBlock{}, 1, verdicts...)
	put(t, s, &totalsBlock{}, 1, totals...)
	if strings.Contains(query(t, s, "SHOW TABLES"), "releases_data") {
		put(t, s, &releaseBlock{}, 1, releaseMessage(t, "公报"))
	}
	return s
}

// tables returns the statements that insert the present rows of a database's tables.
func tables(t testing.TB, s *Store) string {
	t.Helper()
	names, err := s.conn.Query(t.Context(), "SELECT name FROM system.tables WHERE database = currentDatabase() AND endsWith(name, '_data') ORDER BY name")
	if err != nil {
		t.Fatal(err)
	}
	defer names.Close()
	text := ""
	for names.Next() {
		var table, columns, rows string
		if err := names.Scan(&table); err != nil {
			t.Fatal(err)
		}
		row := s.conn.QueryRow(t.Context(), "SELECT arrayStringConcat(groupArray(name), ', ') FROM (SELECT name FROM system.columns WHERE database = currentDatabase() AND table = ? ORDER BY position)", table)
		if err := row.Scan(&columns); err != nil {
			t.Fatal(err)
		}
		row = s.conn.QueryRow(t.Context(), "SELECT arrayStringConcat(groupArray(text), ',\n') FROM (SELECT formatRow('Values', "+columns+") AS text FROM "+table+" ORDER BY text)")
		if err := row.Scan(&rows); err != nil {
			t.Fatal(err)
		}
		if rows != "" {
			text += fmt.Sprintf("INSERT INTO %s (%s) VALUES\n%s;\n", table, columns, rows)
		}
	}
	if err := names.Err(); err != nil {
		t.Fatal(err)
	}
	return text
}
