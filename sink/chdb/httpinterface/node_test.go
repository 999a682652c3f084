package httpinterface

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/citytally/citytally/sink/chdb/enginetest"
	"github.com/citytally/citytally/sink/chdb/limits"
)

// javaScriptClient is the version of @clickhouse/client the test installs.
const javaScriptClient = "@clickhouse/client@1.23.1"

// TestJavaScriptClient runs testdata/client.mjs with ClickHouse's own JavaScript client.
// It is skipped only where node or npm is absent, or npm cannot reach its registry.
func TestJavaScriptClient(t *testing.T) {
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed: %v", program, err)
		}
	}
	dir := t.TempDir()
	script, err := os.ReadFile(filepath.Join("testdata", "client.mjs"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"client.mjs": string(script), "package.json": `{"private": true}`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	install := exec.CommandContext(ctx, "npm", "install", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts", javaScriptClient)
	install.Dir = dir
	if out, err := install.CombinedOutput(); err != nil {
		t.Skipf("npm cannot install %s: %v\n%s", javaScriptClient, err, out)
	}
	base := startHTTP(t, limits.Clients{})
	run := exec.CommandContext(ctx, "node", "client.mjs", base, "writer", enginetest.WriterPassword)
	run.Dir = dir
	out, err := run.CombinedOutput()
	if err != nil || !strings.HasSuffix(strings.TrimSpace(string(out)), "ok") {
		t.Errorf("%v\n%s", err, out)
	}
}
