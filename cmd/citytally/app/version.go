package app

import (
	"runtime/debug"
	"slices"
)

// Version is the version of the module, or the commit of the checkout that it was
// built from.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return s.Value[:12]
		}
	}
	return "development"
}

// Dependencies returns the modules with these paths that the program was built with,
// in the order of their paths.
func Dependencies(paths ...string) []debug.Module {
	var found []debug.Module
	info, _ := debug.ReadBuildInfo()
	if info == nil {
		return nil
	}
	for _, m := range info.Deps {
		if slices.Contains(paths, m.Path) {
			found = append(found, *m)
		}
	}
	return found
}
