package main

import (
	"archive/tar"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/citytally/citytally/cmd/citytally/present"
)

// unpack writes the data directory that an earlier version of the program left behind.
func unpack(t *testing.T, archive, dir string) {
	t.Helper()
	file, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unzipped, err := zstd.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer unzipped.Close()
	for entries := tar.NewReader(unzipped); ; {
		entry, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, entry.Name)
		switch entry.Typeflag {
		case tar.TypeDir:
			err = os.MkdirAll(path, 0o700)
		case tar.TypeSymlink:
			err = os.Symlink(entry.Linkname, path)
		default:
			var text []byte
			if text, err = io.ReadAll(entries); err == nil {
				err = os.WriteFile(path, text, 0o600)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// The data directory of the version before is taken over: totals, figures that are held, a lock, a
// release, a token and a pause are as they were, and work goes on. The directory was written
// by commit 93a7573 with retention of a hundred years, which the settings here have too; a later
// version adds one of its own beside it.
//
// Then tables that a newer program made keep the sink waiting and nothing else, and a rebuild from
// the log makes them this program's: the way back to an older version.
func TestDataOfTheVersionBefore(t *testing.T) {
	for _, kept := range []string{"SUBMISSIONS", "VERDICTS", "TOTALS"} {
		t.Setenv("CITYTALLY_STREAMS_"+kept+"_FOR", "876000h")
	}
	dir := t.TempDir()
	unpack(t, filepath.Join("testdata", "upgrade", "93a7573.tar.zst"), dir)
	p := startRun(t, dir)
	isReady := func() bool { ready, _ := readiness(t, dir); return ready }
	eventually(t, "everything is ready", isReady)
	totals := reported(t, dir, "2021")
	for indicator, want := range map[string]string{"gdp": "1110", "rd_expenditure": "25", "rd_intensity": "2.252252252252"} {
		if totals[indicator].Value != want {
			t.Errorf("%s of 2021 is %q, was %s", indicator, totals[indicator].Value, want)
		}
	}
	if len(totals) != 3 || totals["gdp"].Change != "11" {
		t.Errorf("totals: %+v", totals)
	}
	for _, kept := range []struct {
		args []string
		want string
	}{
		{[]string{"hold", "list"}, "80 trillion yuan"},
		{[]string{"release", "list"}, "bulletin"},
		{[]string{"token", "list"}, "spare"},
		{[]string{"schedule", "list"}, "paused"},
		{[]string{"journal"}, "published"},
		{[]string{"receipt", "a0231a0c1a46b412ab4ffc7ca9be40e0"}, "1 changed"},
	} {
		if out := must(t, append(kept.args, "--dir", dir)...); !strings.Contains(out, kept.want) {
			t.Errorf("citytally %s no longer tells %s:\n%s", strings.Join(kept.args, " "), kept.want, out)
		}
	}
	send := func(figure string) (code int, stdout string) {
		code, stdout, stderr := citytally(t, "submit", "--dir", dir, "--area", "320804", "--dataset", "sti-annual", csvFile(t, "indicator,period,value\n"+figure+"\n"))
		return code, stdout + stderr
	}
	if code, out := send("gdp,2021,510"); code != 0 || !strings.Contains(out, "a0231a0c1a46b412ab4ffc7ca9be40e0") {
		t.Errorf("what was sent before: exit code %d, %s", code, out)
	}
	if code, out := send("gdp,2020,451"); code == 0 || !strings.Contains(out, "2020 is locked") {
		t.Errorf("a locked period: exit code %d, %s", code, out)
	}
	if code, out := send("gdp,2021,520"); code != 0 {
		t.Errorf("a new figure: exit code %d, %s", code, out)
	}
	isTotal := func(want string) func() bool {
		return func() bool { return reported(t, dir, "2021")["gdp"].Value == want }
	}
	eventually(t, "the new figure is in the total", isTotal("1120"))
	must(t, "recompute", "--dir", dir, "--full")
	var status present.Status
	decode(t, strings.NewReader(must(t, "status", "--dir", dir, "--format", "json")), &status)
	if len(status.NotReady) > 0 || !status.Conservation.Balanced {
		t.Errorf("status: %+v", status)
	}

	must(t, "sql", "--write", "--dir", dir, "INSERT INTO schema_versions VALUES (9999, '9999_later.sql', 'of a later version', now())")
	must(t, "sql", "--write", "--dir", dir, "ALTER TABLE totals_data ADD COLUMN later String")
	p.stop(t, syscall.SIGTERM)
	startRun(t, dir)
	eventually(t, "readiness names the schema", func() bool {
		_, parts := readiness(t, dir)
		return strings.Contains(parts["schema"].Why, "has schema 9999") && parts["gateway"].Ready && parts["ledger"].Ready
	})
	if code, out := send("gdp,2021,530"); code != 0 {
		t.Errorf("a figure while the tables are a later version's: exit code %d, %s", code, out)
	}
	must(t, "replay", "--into", "clickhouse", "--dir", dir)
	eventually(t, "everything is ready again", isReady)
	eventually(t, "the last figure is in the total", isTotal("1130"))
}
