package natsd_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest/natsd/natsdtest"
)

// Files of a stream that are removed while the server runs are noticed without any traffic, and until it
// is started again; what the server itself removes and replaces is not.
func TestRemovedFilesAreNoticed(t *testing.T) {
	dir := t.TempDir()
	s := natsdtest.Start(t, natsdtest.Dir(dir))
	nc, err := nats.Connect("", s.InProcess())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	create := func(name string, forEver bool) {
		t.Helper()
		config := jetstream.StreamConfig{Name: name, Subjects: []string{name + ".>"}, AllowDirect: true, DenyDelete: forEver, DenyPurge: forEver}
		if _, err := js.CreateStream(t.Context(), config); err != nil {
			t.Fatal(err)
		}
		for i := range 20 {
			if _, err := js.Publish(t.Context(), fmt.Sprintf("%s.%d", name, i), make([]byte, 900_000)); err != nil {
				t.Fatal(err)
			}
		}
	}
	told := func(want ...string) {
		t.Helper()
		got, err := s.LostFiles()
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("lost are the files of %q, %v; want %q", got, err, want)
		}
	}
	msgs := func(name, file string) string {
		return filepath.Join(dir, "jetstream", "$G", "streams", name, "msgs", file)
	}
	remove := func(path string) {
		t.Helper()
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"A", "B", "C", "D", "E"} {
		create(name, name == "C")
	}
	if files, _ := filepath.Glob(msgs("C", "*.blk")); len(files) < 2 {
		t.Fatalf("files of C: %q", files)
	}
	told()
	d, err := js.Stream(t.Context(), "D")
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := js.DeleteStream(t.Context(), "E"); err != nil {
		t.Fatal(err)
	}
	create("E", false)
	told()
	remove(filepath.Dir(msgs("A", "")))
	told("A")
	last, _ := filepath.Glob(msgs("B", "*.blk"))
	remove(last[len(last)-1])
	told("A", "B")
	remove(msgs("C", "1.blk"))
	told("A", "B", "C")
	for range 20 {
		if _, err := js.Publish(t.Context(), "B.more", make([]byte, 900_000)); err != nil {
			t.Fatal(err)
		}
	}
	told("A", "B", "C")
}
