package sink

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A program defines the views of its own schema and leaves those of a newer one alone, so a
// change of the views takes a migration.
func TestLastMigrationNamesViews(t *testing.T) {
	sum := sha256.Sum256([]byte(viewsText))
	all := migrations(t)
	last := all[len(all)-1].file
	text, err := schema.ReadFile("schema/" + last)
	if err != nil {
		t.Fatal(err)
	}
	if line := "-- views: " + hex.EncodeToString(sum[:]) + "\n"; !strings.HasSuffix(string(text), line) {
		t.Errorf("schema/%s does not end with the line that views.sql asks for:\n%s", last, line)
	}
}

// Views that are gone or changed are defined anew, whether the process starts or runs; a
// statement of an earlier migration that the server carries out late is such a change.
func TestViewsAreDefinedAnew(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	for _, statement := range []string{"DROP VIEW findings", "CREATE OR REPLACE VIEW totals AS SELECT 1 AS forged", migrations(t)[3].statements[7]} {
		if err := s.conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.defineViews(t.Context())
	if diff := cmp.Diff([]string{"findings", "totals", "totals_latest"}, got); diff != "" || err != nil {
		t.Fatalf("%v (-want +got)\n%s", err, diff)
	}
	if again, err := s.defineViews(t.Context()); again != nil || err != nil {
		t.Errorf("the second time: %v, %v", again, err)
	}
	// All were found as they should be, which says nothing of what becomes of them later.
	if err := s.conn.Exec(t.Context(), "CREATE OR REPLACE VIEW totals AS SELECT 2 AS forged"); err != nil {
		t.Fatal(err)
	}
	if got, err := s.defineViews(t.Context()); len(got) != 1 || got[0] != "totals" || err != nil {
		t.Errorf("after the second time: %v, %v", got, err)
	}
	if got := query(t, s, "SELECT * FROM findings LIMIT 0"); !strings.HasPrefix(got, "submission,") {
		t.Errorf("findings: %s", got)
	}
}

// An older program leaves a newer one's views alone, and does not start.
func TestNewerSchemaIsLeftAlone(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	known := uint32(len(migrations(t)))
	if err := s.insert(t.Context(), "schema_versions", []column{{"version", []uint32{known + 2}}, {"file", []string{"later.sql"}}}); err != nil {
		t.Fatal(err)
	}
	if err := s.conn.Exec(t.Context(), "CREATE OR REPLACE VIEW totals AS SELECT 1 AS newer"); err != nil {
		t.Fatal(err)
	}
	if defined, err := s.defineViews(t.Context()); defined != nil || err != nil {
		t.Errorf("defined %v, %v", defined, err)
	}
	err := s.Migrate(t.Context())
	var newer *NewerSchemaError
	if !errors.As(err, &newer) || newer.Found != known+2 || newer.Known != known {
		t.Errorf("got %v, want a NewerSchemaError of %d", err, known+2)
	}
	if mended, err := (&Projection{Store: s}).Mend(t.Context(), true); mended != nil || !IsOtherSchema(err) {
		t.Errorf("mended %v, %v", mended, err)
	}
}
