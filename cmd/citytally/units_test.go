package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The command lines of the systemd units exist, and systemd, where it is installed, has nothing
// against the units.
func TestUnitsNameWhatExists(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "configs/systemd/*"))
	if err != nil || len(files) < 4 {
		t.Fatalf("%d units, %v", len(files), err)
	}
	const program = "/usr/local/bin/citytally"
	dir, commands := t.TempDir(), 0
	var names []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(strings.ReplaceAll(string(text), "%i", "transform")) {
			if command, ok := strings.CutPrefix(strings.TrimSpace(line), "ExecStart="+program+" "); ok {
				commands++
				checkCommandLine(strings.Fields(command), true, func(format string, args ...any) {
					t.Errorf(filepath.Base(file)+": "+format, args...)
				})
			}
		}
		// systemd looks for the program and the user.
		there := strings.NewReplacer(program, "/bin/true", "=citytally\nGroup=citytally", "=root\nGroup=root").Replace(string(text))
		name := filepath.Join(dir, strings.Replace(filepath.Base(file), "@.", "@transform.", 1))
		names = append(names, name)
		if err := os.WriteFile(name, []byte(there), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if commands < 4 {
		t.Errorf("%d commands in the units", commands)
	}
	tool, err := exec.LookPath("systemd-analyze")
	if err != nil {
		return
	}
	if out, err := exec.CommandContext(t.Context(), tool, append([]string{"verify"}, names...)...).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}
