package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/present"
)

// A token is in force when the command that issued it returns, and ended when the one that
// revoked it does; without its tokens file the program makes none of its own accord.
func TestTokenCommands(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := startRun(t, dir, "--only", "ingest")
	i, err := app.FindInstance(dir)
	if err != nil {
		t.Fatal(err)
	}
	status := func(secret string) int {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, i.HTTP+"/v1/areas", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+secret)
		request.Close = true
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		return answer.StatusCode
	}
	eventually(t, "the gateway is ready", func() bool { return status("nobody's") == http.StatusUnauthorized })
	secret := strings.TrimSpace(must(t, "token", "create", "--dir", dir, "--area", "*", "--role", "analyst", "--name", "research"))
	eventually(t, "the token is in force", func() bool { return status(secret) == http.StatusOK })
	list := must(t, "token", "list", "--dir", dir, "--lang", "en")
	idOf := func(list, name string) string {
		for line := range strings.Lines(list) {
			if strings.Contains(line, name) {
				return strings.Fields(line)[0]
			}
		}
		return ""
	}
	if !strings.Contains(list, "in the tokens file") || strings.Contains(list, secret) {
		t.Errorf("want the tokens of the file too, and no secret: %s", list)
	}
	must(t, "token", "revoke", "--dir", dir, idOf(list, "research"), "--reason", "left")
	eventually(t, "the token has ended", func() bool { return status(secret) == http.StatusUnauthorized })
	if list := must(t, "token", "list", "--dir", dir, "--lang", "en"); !strings.Contains(list, "revoked") || !strings.Contains(list, ": left") {
		t.Errorf("want who revoked it and why: %s", list)
	}
	must(t, "lock", "--dir", dir, "--period", "2021", "--reason", "published")
	var acts []present.Act
	if err := json.Unmarshal([]byte(must(t, "journal", "--dir", dir, "--format", "json")), &acts); err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, a := range acts {
		kinds = append(kinds, a.Kind)
		if a.By != app.CurrentPerson() || a.By.Name == "" || a.At.IsZero() {
			t.Errorf("want who it was, got %+v", a)
		}
	}
	slices.Sort(kinds)
	if want := []string{"lock", "revoke", "token"}; !slices.Equal(kinds, want) {
		t.Errorf("want %v on record, got %v", want, kinds)
	}
	secret = strings.TrimSpace(must(t, "token", "create", "--dir", dir, "--area", "*", "--role", "analyst", "--name", "library"))
	p.stop(t, syscall.SIGTERM)

	// A start without the file tells of it, and takes it up once it is back.
	file, aside := filepath.Join(dir, "tokens.yaml"), filepath.Join(dir, "t.yaml")
	if err := os.Rename(file, aside); err != nil {
		t.Fatal(err)
	}
	p = start(t, nil, append(append([]string{"run"}, anyPorts(dir)...), "--only", "ingest")...)
	eventually(t, "the program runs", func() bool { i, err = app.FindInstance(dir); return err == nil })
	eventually(t, "those of the broker are in and nobody else", func() bool {
		return status(secret) == http.StatusOK && status("nobody's") == http.StatusServiceUnavailable
	})
	if s := must(t, "status", "--dir", dir, "--lang", "zh"); !strings.Contains(s, file) || !strings.Contains(s, "请放回该文件") {
		t.Errorf("want the status to name the missing file: %s", s)
	}
	if err := os.Rename(aside, file); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the file is read once it is back", func() bool { return status("nobody's") == http.StatusUnauthorized })
	must(t, "token", "revoke", "--dir", dir, idOf(must(t, "token", "list", "--dir", dir, "--lang", "en"), "library"), "--reason", "left")
	p.stop(t, syscall.SIGTERM)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := citytally(t, append([]string{"run", "--only", "ingest"}, anyPorts(dir)...)...)
	if code != exitUsage || !strings.Contains(stderr, "tokens.yaml is missing") || !strings.Contains(stderr, "citytally token create") {
		t.Errorf("want no new tokens unasked, got %d: %s", code, stderr)
	}
}
