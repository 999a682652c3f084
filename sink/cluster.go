package sink

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// cluster is the name of the cluster of ClickHouse servers that keep copies of the tables; "" is
// one server by itself.
//
// On a cluster the statements of schema and views.sql become others. Tables are replicated and
// keep their names, and the store writes and reads those of the server that it is connected to.
// Beside each there is one of engine Distributed, which the views read: it asks another copy where
// that of the server that was asked lags behind. Nothing is inserted through it: ClickHouse loses
// rows of such inserts under a quorum without an error (ClickHouse #97557).
type cluster string

// on is the clause that has every server of the cluster carry out a statement.
func (c cluster) on() string {
	if c == "" {
		return ""
	}
	return " ON CLUSTER " + quoteName(string(c))
}

var (
	tableStatement = regexp.MustCompile(`^(CREATE TABLE IF NOT EXISTS|ALTER TABLE) (\w+)`)
	createView     = regexp.MustCompile(`^CREATE (OR REPLACE )?VIEW `)
	viewStatement  = regexp.MustCompile(`^(CREATE OR REPLACE VIEW) (\w+)`)
	replacing      = regexp.MustCompile(`(?m)^ENGINE = ReplacingMergeTree(?:\((\w+)\))?$`)
	dataTable      = regexp.MustCompile(`\b(\w+)_data\b`)
)

// replicaPath is where a table's copies of one shard meet in Keeper. The UUID is the same on all
// servers and stays with a table that is renamed or exchanged.
const replicaPath = `'/clickhouse/tables/{uuid}/{shard}', '{replica}'`

// table returns a statement of a migration as the cluster needs it; "" leaves it out. Views are
// defined when all tables are there, so that none is defined that a later migration replaces.
func (c cluster) table(statement string) (string, error) {
	if c == "" {
		return statement, nil
	}
	if createView.MatchString(statement) {
		return "", nil
	}
	if !tableStatement.MatchString(statement) {
		return "", fmt.Errorf("a statement that no cluster is known to carry out: %.40q", statement)
	}
	statement = tableStatement.ReplaceAllString(statement, "${1} ${2}"+c.on())
	statement = replacing.ReplaceAllStringFunc(statement, func(engine string) string {
		arguments := replicaPath
		if version := replacing.FindStringSubmatch(engine)[1]; version != "" {
			arguments += ", " + version
		}
		return "ENGINE = ReplicatedReplacingMergeTree(" + arguments + ")"
	})
	return strings.ReplaceAll(statement, "non_replicated_deduplication_window", "replicated_deduplication_window"), nil
}

// view returns the statement that defines a view, which on a cluster reads every table by its
// Distributed one. What the server then has of it lacks the clause ON CLUSTER, which execute adds.
func (c cluster) view(statement string) string {
	if c == "" {
		return statement
	}
	return dataTable.ReplaceAllString(statement, "${1}_distributed")
}

// execute returns a view's statement as it is carried out.
func (c cluster) execute(view string) string {
	return viewStatement.ReplaceAllString(view, "${1} ${2}"+c.on())
}

// distributed returns the statement that defines the Distributed table of a table of a database.
func (c cluster) distributed(database, table string) string {
	return fmt.Sprintf("CREATE OR REPLACE TABLE %s%s AS %s ENGINE = Distributed('%s', '%s', '%[3]s') COMMENT 'The copies of %[3]s on the cluster, for reading'",
		dataTable.ReplaceAllString(table, "${1}_distributed"), c.on(), table, c, database)
}

// otherDistributed returns, in order, the tables whose Distributed tables are absent or have other
// columns.
const otherDistributed = `WITH
	(SELECT groupArray((table, columns)) FROM (
		SELECT replaceRegexpOne(table, '_distributed$', '_data') AS table, arraySort(groupArray((position, name, type))) AS columns
		FROM system.columns WHERE database = currentDatabase() AND endsWith(table, '_distributed') GROUP BY table)) AS distributed
SELECT arraySort(groupArray(table)) FROM (
	SELECT table, arraySort(groupArray((position, name, type))) AS columns
	FROM system.columns WHERE database = currentDatabase() AND endsWith(table, '_data') AND table != 'rebuild_data' GROUP BY table)
WHERE NOT has(distributed, (table, columns))`

// defineDistributed defines the Distributed tables that are absent or have other columns than
// their tables.
func (s *Store) defineDistributed(ctx context.Context) error {
	if s.cluster == "" {
		return nil
	}
	var tables []string
	if err := s.conn.QueryRow(ctx, otherDistributed).Scan(&tables); err != nil {
		return fmt.Errorf("compare Distributed tables: %w", err)
	}
	for _, table := range tables {
		if err := s.conn.Exec(ctx, s.cluster.distributed(s.database, table)); err != nil {
			return fmt.Errorf("define the Distributed table of %s: %w", table, err)
		}
	}
	return nil
}

// checkCluster returns why the server's tables cannot be those of the cluster in the settings.
func (s *Store) checkCluster(ctx context.Context) error {
	var tables []string // with their engines
	if err := s.conn.QueryRow(ctx, `SELECT arraySort(groupArray(concat(name, ' ', engine))) FROM system.tables
		WHERE database = currentDatabase() AND engine LIKE '%MergeTree'`).Scan(&tables); err != nil {
		return fmt.Errorf("read the tables' engines: %w", err)
	}
	if err := s.cluster.fits(s.database, tables); err != nil || s.cluster == "" {
		return err
	}
	var shards uint64
	var known []string
	if err := s.conn.QueryRow(ctx, "SELECT uniqExactIf(shard_num, cluster = ?), arraySort(groupUniqArray(cluster)) FROM system.clusters", string(s.cluster)).Scan(&shards, &known); err != nil {
		return fmt.Errorf("read the server's clusters: %w", err)
	}
	switch {
	case shards == 0 && len(known) == 0:
		return fmt.Errorf("clickhouse.cluster: the server knows no cluster %q, and no other: define it in its remote_servers, or leave the setting out", s.cluster)
	case shards == 0:
		return fmt.Errorf("clickhouse.cluster: the server knows no cluster %q; it has %s", s.cluster, strings.Join(known, ", "))
	case shards > 1:
		return fmt.Errorf("clickhouse.cluster: want one shard with several replicas, got %d shards in %q: the rows of a table have to be in one place to be compared with the log", shards, s.cluster)
	}
	return nil
}

// fits returns an error where the tables, given as names and engines, are replicated and the
// settings name no cluster, or the other way round.
func (c cluster) fits(database string, tables []string) error {
	isReplicated := func(table string) bool { return strings.Contains(table, " Replicated") }
	if c == "" {
		if i := slices.IndexFunc(tables, isReplicated); i >= 0 {
			return fmt.Errorf("clickhouse.cluster: want the name of the cluster, because table %s of %s is replicated; without it new tables would be on one server alone", tables[i], database)
		}
		return nil
	}
	if i := slices.IndexFunc(tables, func(table string) bool { return !isReplicated(table) }); i >= 0 {
		return fmt.Errorf("clickhouse.cluster: table %s of %s is on one server alone: name another database (sink.database), which is filled from the log: citytally replay --into clickhouse", tables[i], database)
	}
	return nil
}
