package engine

import (
	"fmt"
	"runtime"
	"syscall"
	"unsafe"

	"github.com/ebitengine/purego"
)

// dispositionBytes holds a struct sigaction of any platform libchdb is built for (152 bytes on glibc, 16 on macOS).
const dispositionBytes = 256

// preservedSignals are those the library resets to the system's default when told not to handle them, and those the engine may
// take when it starts. The Go runtime needs its own handlers: a nil dereference must stay a panic, SIGTERM must reach
// signal.Notify, SIGURG the scheduler.
var preservedSignals = [...]syscall.Signal{
	syscall.SIGABRT, syscall.SIGSEGV, syscall.SIGILL, syscall.SIGBUS, syscall.SIGSYS, syscall.SIGFPE, syscall.SIGTSTP,
	syscall.SIGTRAP, syscall.SIGPIPE, syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGHUP, syscall.SIGURG,
	syscall.SIGPROF, syscall.SIGUSR1, syscall.SIGUSR2,
}

// preserveSignals remembers what the process does with signals. The returned function puts that back; it is to be called
// when the library is loaded and its first connection open. Later connections change nothing.
func preserveSignals() (restore func(), err error) {
	name := "libc.so.6"
	if runtime.GOOS == "darwin" {
		name = "/usr/lib/libSystem.B.dylib"
	}
	libc, err := purego.Dlopen(name, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return nil, fmt.Errorf("open the C library: %w", err)
	}
	address, err := purego.Dlsym(libc, "sigaction")
	if err != nil {
		return nil, fmt.Errorf("find sigaction in the C library: %w", err)
	}
	var sigaction func(signal int32, set, get unsafe.Pointer) int32
	purego.RegisterFunc(&sigaction, address)
	kept := new([len(preservedSignals)][dispositionBytes]byte)
	for i, signal := range preservedSignals {
		sigaction(int32(signal), nil, unsafe.Pointer(&kept[i]))
	}
	return func() {
		for i, signal := range preservedSignals {
			sigaction(int32(signal), unsafe.Pointer(&kept[i]), nil)
		}
	}, nil
}
