package drop_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/citytally/citytally/ingest"
	"github.com/citytally/citytally/ingest/drop"
	"github.com/citytally/citytally/ingest/internal/fixture"
	"github.com/citytally/citytally/ingest/natsd/natsdtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is a running gateway with a folder for each area.
type house struct {
	*fixture.House
	dir string
}

func open(t *testing.T, broker ...natsdtest.Option) *house {
	t.Helper()
	h := &house{fixture.Open(t, broker...), t.TempDir()}
	for _, area := range []string{"320812", "320804", "320800"} {
		check(t, os.Mkdir(filepath.Join(h.dir, area), 0o770))
	}
	return h
}

// watcher returns a watcher of the folders.
func (h *house) watcher(instance string, options ...drop.Option) *drop.Watcher {
	h.Helper()
	w, err := drop.New(h.Gateway, drop.Config{Dir: h.dir, Every: 100 * time.Millisecond, Settle: 50 * time.Millisecond}, fixture.MaxBody, instance,
		func(w io.Writer, r *ingest.Receipt, english bool) { fmt.Fprintf(w, "%t %s\n", english, r.Status) }, zerolog.Nop(), time.Now, options...)
	check(h.T, err)
	return w
}

var check, figure = fixture.Check, fixture.Figure

// put writes a file elsewhere and renames it into an area's folder.
func (h *house) put(path, content string) {
	h.Helper()
	elsewhere := filepath.Join(h.dir, ".elsewhere")
	check(h.T, os.WriteFile(elsewhere, []byte(content), 0o660))
	check(h.T, os.Rename(elsewhere, filepath.Join(h.dir, path)))
}

// ended waits until there are so many files with a name in a folder, besides their verdicts, and
// returns their paths.
func (h *house) ended(folder, stem string, count int) (paths []string) {
	h.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; {
		paths = nil
		matches, err := filepath.Glob(filepath.Join(h.dir, folder, stem+".*"))
		check(h.T, err)
		for _, m := range matches {
			if !strings.Contains(m, ".verdict") {
				paths = append(paths, m)
			}
		}
		if len(paths) == count {
			return paths
		}
		if time.Now().After(deadline) {
			h.Fatalf("%s has %v of %s, want %d", folder, paths, stem, count)
		}
	}
}

// verdict returns the text beside a file.
func (h *house) verdict(path string) string {
	h.Helper()
	text, err := os.ReadFile(strings.TrimSuffix(path, filepath.Ext(path)) + ".verdict.txt")
	check(h.T, err)
	return string(text)
}
