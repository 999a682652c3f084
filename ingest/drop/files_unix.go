//go:build unix

package drop

import (
	"io/fs"
	"syscall"
)

// nonBlocking keeps opening from waiting where a pipe has taken a file's place, and noFollow from
// going where a link leads.
const (
	noFollow    = syscall.O_NOFOLLOW
	nonBlocking = syscall.O_NONBLOCK | noFollow
)

// links returns how many names a file has.
func links(info fs.FileInfo) uint64 {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(stat.Nlink)
	}
	return 1
}
