package sink

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/citytally/citytally/sink/chdb/chdbtest"
)

// What a cluster is asked to carry out on an empty server is the text of testdata/cluster.sql, and
// ClickHouse's own parser takes every statement of it.
func TestClusterSchema(t *testing.T) {
	t.Parallel()
	const onCluster cluster = "city"
	migrations, err := readMigrations(schema)
	if err != nil {
		t.Fatal(err)
	}
	statements := []string{"CREATE DATABASE IF NOT EXISTS " + quoteName("citytally") + onCluster.on()}
	tables := map[string]bool{}
	add := func(statement string) {
		t.Helper()
		if statement, err = onCluster.table(statement); err != nil {
			t.Fatal(err)
		}
		if statement == "" {
			return
		}
		statements = append(statements, statement)
		if table := tableStatement.FindStringSubmatch(statement)[2]; strings.HasSuffix(table, "_data") {
			tables[table] = true
		}
	}
	add(createVersions)
	for _, m := range migrations {
		for _, statement := range m.statements {
			add(statement)
		}
	}
	for _, table := range slices.Sorted(maps.Keys(tables)) {
		statements = append(statements, onCluster.distributed("citytally", table))
	}
	views := readViews()
	for _, name := range Views() {
		statements = append(statements, onCluster.execute(onCluster.view(views[name])))
	}
	file := filepath.Join("testdata", "cluster.sql")
	got := strings.Join(statements, ";\n\n") + ";\n"
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the schema of a cluster is another than that in %s; -update writes it", file)
	}
	if lacks := strings.Count(got, "ON CLUSTER `city`"); lacks != len(statements) {
		t.Errorf("%d of %d statements are for the whole cluster", lacks, len(statements))
	}
	for _, alone := range []string{"ENGINE = ReplacingMergeTree", "non_replicated_", "FROM totals_data FINAL"} {
		if strings.Contains(got, alone) {
			t.Errorf("the schema of a cluster has %q", alone)
		}
	}
	s := newStore(t)
	var tableCount uint64
	if err := s.conn.QueryRow(t.Context(), "SELECT count() FROM system.tables WHERE database = currentDatabase() AND endsWith(name, '_data')").Scan(&tableCount); err != nil || int(tableCount) != len(tables) {
		t.Errorf("%d tables on one server, %d on a cluster: %v", tableCount, len(tables), err)
	}
	for _, statement := range statements {
		var formatted string
		if err := s.conn.QueryRow(t.Context(), "SELECT formatQuery(?)", statement).Scan(&formatted); err != nil {
			t.Errorf("%s\n%v", statement, err)
		}
	}
}

// A cluster that the server does not know, and tables of one server alone, are refused before
// anything is made.
func TestClusterIsRefused(t *testing.T) {
	t.Parallel()
	on := func(database string) *Store {
		t.Helper()
		s := openStore(t, engine.start(t).DSN(chdbtest.User), database)
		s.cluster = "city"
		return s
	}
	alone := newStore(t)
	for _, test := range []struct {
		store *Store
		want  string
	}{
		{on(freshDatabase()), `the server knows no cluster "city"`},
		{on(alone.database), "table areas_data ReplacingMergeTree of " + alone.database + " is on one server alone"},
	} {
		// The database is there already, as this server could not make it on a cluster.
		if err := alone.conn.Exec(t.Context(), "CREATE DATABASE IF NOT EXISTS "+quoteName(test.store.database)); err != nil {
			t.Fatal(err)
		}
		err := test.store.Migrate(t.Context())
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
	if err := cluster("").fits("citytally", []string{"areas_data ReplicatedReplacingMergeTree"}); err == nil || !strings.Contains(err.Error(), "want the name of the cluster") {
		t.Errorf("replicated tables without a cluster: %v", err)
	}
	for of, tables := range map[cluster][]string{"": {"areas_data ReplacingMergeTree"}, "city": {"areas_data ReplicatedReplacingMergeTree"}} {
		if err := of.fits("citytally", tables); err != nil {
			t.Errorf("cluster %q with %v: %v", of, tables, err)
		}
	}
	if _, err := cluster("city").table("OPTIMIZE TABLE areas_data"); err == nil {
		t.Error("a statement of another kind is carried out on one server alone")
	}
}
