package app

import (
	"os"
	"path/filepath"
)

// DefaultDir is the directory for data where the settings name none: below
// XDG_DATA_HOME, or below ~/.local/share where that is not set.
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
