package engine

import (
	"os"

	"github.com/citytally/citytally/sink/chdb/confine"
)

// Files are the files that the engine of this configuration needs, for a process that is confined to them. It spills what
// does not fit into memory below the data directory.
func (c Config) Files() confine.Files {
	return confine.Files{
		Write: []string{c.Dir, os.DevNull},
		Read: []string{
			c.Library, c.ConfigDir,
			// Shared libraries.
			"/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache",
			// Time zones, also those of Go.
			"/etc/localtime", "/etc/timezone", "/etc/zoneinfo", "/usr/share/zoneinfo", "/usr/share/locale",
			// A dictionary on a table of this engine resolves the name localhost.
			"/etc/hosts", "/etc/host.conf", "/etc/nsswitch.conf", "/etc/resolv.conf", "/etc/gai.conf",
			// What the engine measures memory and processors by.
			"/proc/meminfo", "/proc/cpuinfo", "/proc/sys/vm/overcommit_memory", "/sys/devices/system/cpu", "/sys/devices/system/node",
			"/sys/fs/cgroup", "/sys/kernel/mm/transparent_hugepage",
			"/dev/urandom",
		},
	}
}
