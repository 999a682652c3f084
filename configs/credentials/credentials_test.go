package credentials

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestOpenMakesWhatIsMissingAndChangesNothingElse(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	if _, err := Load(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("want that there is no file yet, got %v", err)
	}
	first := open1(t, dir, "nats-gateway")
	second := open1(t, dir, "nats-gateway", "clickhouse-reader")
	if got := second.Names(); !slices.Equal(got, []string{"clickhouse-reader", "nats-gateway"}) {
		t.Errorf("names: got %v", got)
	}
	if a, b := first.Secret("nats-gateway"), second.Secret("nats-gateway"); a != b || len(a) < minSecret {
		t.Errorf("want the first secret to stay, got %q and %q", a, b)
	}
	if second.Secret("clickhouse-reader") == second.Secret("nats-gateway") || second.Secret("other") != "" {
		t.Error("want a secret of its own for each name, and none for others")
	}
	loaded, err := Load(dir)
	if err != nil || loaded.Secret("clickhouse-reader") != second.Secret("clickhouse-reader") {
		t.Errorf("want what was written, got %v", err)
	}
	info, err := os.Stat(Path(dir))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("want a file for its owner alone, got %v, %v", info.Mode(), err)
	}
	left, err := filepath.Glob(filepath.Join(dir, FileName+".[0-9]*"))
	if err != nil || len(left) > 0 {
		t.Errorf("want no temporary file to stay, got %v, %v", left, err)
	}
}

// Processes that start at the same time agree on one secret.
func TestOpenAtTheSameTime(t *testing.T) {
	dir := t.TempDir()
	secrets := make([]string, 8)
	var opening sync.WaitGroup
	for i := range secrets {
		opening.Go(func() {
			if s, err := Open(dir, "nats-admin"); err == nil {
				secrets[i] = s.Secret("nats-admin")
			}
		})
	}
	opening.Wait()
	if slices.Sort(secrets); secrets[0] == "" || secrets[0] != secrets[7] {
		t.Errorf("want one secret, got %v", secrets)
	}
}

func TestLoadIsStrict(t *testing.T) {
	const secret = "geheimgeheimgeheim"
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
		want string
	}{
		"readable by others": {`{"a":"` + secret + `"}`, 0o644, "chmod 600"},
		"no JSON":            {`{"a":"` + secret + `"`, 0o600, "no JSON object"},
		"a name twice":       {`{"a":"` + secret + `","a":"` + secret + `"}`, 0o600, "no JSON object"},
		"something else":     {`{"a":["` + secret + `"]}`, 0o600, "no JSON object"},
		"too short":          {`{"a":"geheim"}`, 0o600, "a: want a secret of at least 16"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(Path(dir), []byte(c.text), c.mode); err != nil {
				t.Fatal(err)
			}
			_, err := Load(dir)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "geheim") {
				t.Errorf("want %q and no secret, got %v", c.want, err)
			}
			if _, err := Open(dir, "b"); err == nil {
				t.Error("want Open to refuse it too")
			}
		})
	}
}

func open1(t *testing.T, dir string, names ...string) *Store {
	t.Helper()
	s, err := Open(dir, names...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
