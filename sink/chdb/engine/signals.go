package engine

import (
	"fmt"
	"os/signal"
	"runtime"
	"syscall"
	"unsafe"

	"github.com/ebitengine/purego"
)

// dispositionBytes is enough for a struct sigaction on every platform of libchdb (152 bytes on glibc, 16 on macOS).
const dispositionBytes = 256

// preservedSignals are the signals whose handlers the library or the engine may replace when it starts. The Go runtime
// needs its own: a nil dereference must stay a panic, SIGTERM must reach signal.Notify, and SIGURG the scheduler.
var preservedSignals = [...]syscall.Signal{
	syscall.SIGABRT, syscall.SIGSEGV, syscall.SIGILL, syscall.SIGBUS, syscall.SIGSYS, syscall.SIGFPE, syscall.SIGTSTP,
	syscall.SIGTRAP, syscall.SIGPIPE, syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGHUP, syscall.SIGURG,
	syscall.SIGPROF, syscall.SIGUSR1, syscall.SIGUSR2,
}

// preserveSignals saves the process's signal handlers; restore puts them back. The caller calls restore when the library is
// loaded and its first connection is open; later connections change no handler.
//
// SIGPIPE is ignored first: a socket that its peer has closed is an error of the library's
// write, and must not end the process.
func preserveSignals() (restore func(), err error) {
	signal.Ignore(syscall.SIGPIPE)
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
