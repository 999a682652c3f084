package sink

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/citytally/citytally/sink/chdb/chdbtest"
)

func TestMigrateMayBeRepeated(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	before := query(t, s, "SELECT version, file, hash, applied_at FROM schema_versions FINAL ORDER BY version")
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	after := query(t, s, "SELECT version, file, hash, applied_at FROM schema_versions FINAL ORDER BY version")
	if before != after || strings.Count(after, ".sql") != len(migrations(t)) {
		t.Errorf("schema_versions was\n%sand is\n%s", before, after)
	}
}

func migrations(t *testing.T) []migration {
	t.Helper()
	all, err := readMigrations(schema)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Totals that were stored before their inputs became one text still have their inputs, also
// when the migration was interrupted and is repeated.
func TestMigrationKeepsInputs(t *testing.T) {
	t.Parallel()
	s := openStore(t, engine.start(t).DSN(chdbtest.User), freshDatabase())
	before := fstest.MapFS{}
	for _, m := range migrations(t)[:3] {
		text, err := fs.ReadFile(schema, "schema/"+m.file)
		if err != nil {
			t.Fatal(err)
		}
		before["schema/"+m.file] = &fstest.MapFile{Data: text}
	}
	if err := s.migrate(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	for table, name := range map[string]string{"totals_data": "", "releases_data": "name, "} {
		insert := "INSERT INTO " + table + " (" + name + `indicator, period, value, input_area, input_indicator, input_value, input_stage,
			input_qualifier, input_submission, input_sequence, input_period, input_subtracted) VALUES (` + strings.ReplaceAll(name, "name", "'n'") + `'gdp', '2021', 3,
			['320812', '320804'], ['gdp', 'gdp'], ['1.000000000001', '-2'], ['final', 'flash'], ['', 'about'], ['0a', '0b'], [7, 18446744073709551615], ['', '2021-YTD06'], [false, true])`
		if err := s.conn.Exec(t.Context(), insert); err != nil {
			t.Fatal(err)
		}
	}
	look := func() (shown []string) {
		for _, view := range []string{"totals", "totals_latest", "releases"} {
			shown = append(shown, query(t, s, "SELECT indicator, value, inputs, inputs[2].sequence AS last FROM "+view))
		}
		return shown
	}
	want := look()
	if !strings.Contains(want[0], "1.000000000001") || !strings.Contains(want[0], "18446744073709551615") {
		t.Fatalf("before: %s", want)
	}
	steps := migrations(t)[3].statements
	for _, done := range []int{2, len(steps)} {
		for _, statement := range steps[:done] {
			if err := s.conn.Exec(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.apply(t.Context(), migrations(t)[3]); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, look()); diff != "" {
			t.Errorf("after %d statements and the whole migration (-before +after)\n%s", done, diff)
		}
	}
}

func TestMigrateConcurrently(t *testing.T) {
	t.Parallel()
	dsn, database := engine.start(t).DSN(chdbtest.User), freshDatabase()
	var group errgroup.Group
	for range 4 {
		s := openStore(t, dsn, database)
		group.Go(func() error { return s.Migrate(t.Context()) })
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	s := openStore(t, dsn, database)
	if got := query(t, s, "SELECT count() AS n FROM schema_versions FINAL"); got != fmt.Sprintf("n\n%d\n", len(migrations(t))) {
		t.Errorf("migrations recorded: %s", got)
	}
	if _, err := s.Counts(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestMigrateRefusesEditedMigration(t *testing.T) {
	s := openStore(t, engine.start(t).DSN(chdbtest.User), freshDatabase())
	files := func(first, second string) fstest.MapFS {
		return fstest.MapFS{"schema/0001_a.sql": {Data: []byte(first)}, "schema/0002_b.sql": {Data: []byte(second)}}
	}
	const a = "CREATE TABLE IF NOT EXISTS a (n UInt8) ENGINE = Memory;\nCREATE TABLE IF NOT EXISTS b (n UInt8) ENGINE = Memory COMMENT 'x;y';\n"
	if err := s.migrate(t.Context(), fstest.MapFS{"schema/0001_a.sql": {Data: []byte(a)}}); err != nil {
		t.Fatal(err)
	}
	if err := s.migrate(t.Context(), files(strings.ReplaceAll(a, "\n", "\r\n"), "SELECT 1;\n")); err != nil {
		t.Errorf("other line ends count as an edit: %v", err)
	}
	err := s.migrate(t.Context(), files(a+"-- edited\n", "SELECT 1;\n"))
	var edited *EditedMigrationError
	if !errors.As(err, &edited) || edited.File != "0001_a.sql" {
		t.Errorf("got %v, want an EditedMigrationError of 0001_a.sql", err)
	}
}

func TestReadMigrationsRefusesDisorder(t *testing.T) {
	for name, want := range map[string]string{
		"schema/0002_a.sql": "want number 0001",
		"schema/first.sql":  "want a name such as",
	} {
		_, err := readMigrations(fstest.MapFS{name: {Data: []byte("SELECT 1;")}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", name, err, want)
		}
	}
}

// Every column in the database has a comment with its meaning and unit.
func TestViewsDocumentTheirColumns(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	got := query(t, s, `SELECT table, name FROM system.columns
		WHERE database = currentDatabase() AND NOT endsWith(table, '_data') AND comment = '' ORDER BY ALL`)
	if got != "table,name\n" {
		t.Errorf("columns without a comment:\n%s", got)
	}
	got = query(t, s, "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'View' ORDER BY name")
	want := "name\nareas\ncoverage\ncoverage_scores\ndatasets\ndecisions\nentities\nfigures\nfindings\nhold_statements\nholds\nindicators\nobligations\nobservations\nobservations_latest\nperiods\nprogress\nrelease_changes\nrelease_figures\nreleases\nruns\nsubmissions\ntotal_parts\ntotals\ntotals_latest\n"
	if got != want {
		t.Errorf("views: %s, want %s", got, want)
	}
}

// All migrations together are told in one line.
func TestMigrationsAreToldOnce(t *testing.T) {
	t.Parallel()
	s := openStore(t, engine.start(t).DSN(chdbtest.User), freshDatabase())
	var lines lockedBuffer
	s.logger = zerolog.New(&lines).Level(zerolog.InfoLevel)
	for range 2 {
		if err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if lines.count("\n") != 1 || lines.count("brought up to date") != 1 {
		t.Errorf("told:\n%s", lines.b.String())
	}
}
