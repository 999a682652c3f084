package app

import (
	"os"
	"path/filepath"
)

// DefaultDir is where data go unless something else is said: below XDG's data
// directory, or the home directory's usual place for it.
func DefaultDir(name string) string {
	base := os.Getenv("XDG_DATA_HOME")
	if base == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return filepath.Join("citytally", name)
		}
		base = filepath.Join(home, ".local", "share")
	}
	return filepath.Join(base, "citytally", name)
}
