package confine

import "golang.org/x/sys/unix"

const architecture = unix.AUDIT_ARCH_AARCH64

// refusedHere are the refused calls that other architectures do not have: none.
var refusedHere []uintptr
