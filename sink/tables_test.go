package sink

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/configs/bilingual"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/sink/chdb/chdbtest"
)

// The migrations make the tables that tables.txt describes.
func TestTablesAreDescribed(t *testing.T) {
	t.Parallel()
	s := openStore(t, engine.start(t).DSN(chdbtest.User), freshDatabase())
	if err := s.migrate(t.Context(), schema); err != nil {
		t.Fatal(err)
	}
	var names []string
	if err := s.conn.QueryRow(t.Context(), "SELECT groupArray(name) FROM system.tables WHERE database = currentDatabase() AND engine != 'View'").Scan(&names); err != nil {
		t.Fatal(err)
	}
	lines, err := s.describeTables(t.Context(), names)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(lines, "\n") + "\n"
	if *update {
		if err := os.WriteFile("tables.txt", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(tablesText, got); diff != "" {
		t.Errorf("tables.txt (-is +want); -update writes it\n%s", diff)
	}
}

// Tables and columns that somebody drops or alters are told within seconds while the workers run, as
// what they are and with what mends it, in both languages; additional ones are left alone. A process
// that starts does not work on them, and new tables filled from the log mend them.
func TestOtherTablesAreTold(t *testing.T) {
	t.Parallel()
	p := wholeProjection(t)
	s := p.Store
	workers, err := NewWorkers(p.Log, s, testConfig(), s.logger)
	if err != nil {
		t.Fatal(err)
	}
	tick := func() error {
		_, err := s.mendSchema(t.Context())
		workers.readiness.judgeSchema(err)
		return workers.Paused()
	}
	if err := s.conn.Exec(t.Context(), "ALTER TABLE totals_data ADD COLUMN remark String"); err != nil {
		t.Fatal(err)
	}
	if err := tick(); err != nil {
		t.Fatalf("an additional column: %v", err)
	}
	for _, test := range []struct{ statement, back, en, zh string }{
		{"RENAME TABLE totals_data TO aside", "RENAME TABLE aside TO totals_data", "lacks totals_data:", "缺少表 totals_data；"},
		{"RENAME TABLE holds_data TO aside", "RENAME TABLE aside TO holds_data", "lacks holds_data:", "缺少表 holds_data；"},
		{"RENAME TABLE schema_versions TO aside", "RENAME TABLE aside TO schema_versions", "lacks schema_versions:", "缺少表 schema_versions；"},
		{"DETACH TABLE areas_data", "ATTACH TABLE areas_data", "lacks areas_data:", "缺少表 areas_data；"},
		{"ALTER TABLE observations_data RENAME COLUMN note TO remark", "ALTER TABLE observations_data RENAME COLUMN remark TO note", "lacks column note of observations_data", "表 observations_data 缺少列 note"},
		{"ALTER TABLE observations_data MODIFY COLUMN row Int64", "ALTER TABLE observations_data MODIFY COLUMN row UInt32", "has observations_data.row as Int64, want UInt32", "observations_data.row 是 Int64，应为 UInt32"},
		{"ALTER TABLE submissions_data MODIFY TTL toDateTime(received_at) + INTERVAL 60 YEAR", "ALTER TABLE submissions_data REMOVE TTL", "rows end", "rows end"},
	} {
		if err := s.conn.Exec(t.Context(), test.statement); err != nil {
			t.Fatal(err)
		}
		told := tick()
		if zh := bilingual.Chinese(told); told == nil || !strings.Contains(told.Error(), test.en) || !strings.Contains(zh, test.zh) ||
			!strings.Contains(told.Error(), "citytally replay --into clickhouse") || !strings.Contains(zh, "citytally replay --into clickhouse") {
			t.Errorf("%s: told %v; %s", test.statement, told, zh)
		}
		if err := s.conn.Exec(t.Context(), test.back); err != nil {
			t.Fatal(err)
		}
		if err := tick(); err != nil {
			t.Errorf("%s: %v", test.back, err)
		}
	}

	if err := s.conn.Exec(t.Context(), "DROP TABLE holds_data SYNC"); err != nil {
		t.Fatal(err)
	}
	if other, ok := errors.AsType[*OtherTablesError](s.Migrate(t.Context())); !ok || !IsOtherSchema(other) {
		t.Errorf("a process that starts: %v", other)
	}
	// Of the other tables it is known what they show; of the missing one nobody says that the log went on without it.
	for name, want := range map[string]string{stream.Accepted: "2-3", stream.Verdicts: "2-3"} {
		shown, err := p.ShownOf(t.Context(), name, []stream.Range{{From: 2, To: 3}})
		if got := stream.FormatRanges(shown); err != nil || got != want {
			t.Errorf("shown of %s: %s, %v", name, got, err)
		}
	}
	ends, err := p.Ends(t.Context())
	if err != nil || len(ends.Partial) != 1 || ends.Partial[0] != stream.Accepted || ends.Newest[stream.Verdicts] == 0 {
		t.Errorf("ends %+v, %v", ends, err)
	}
}
