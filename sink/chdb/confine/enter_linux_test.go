package confine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// confinedArgument makes a test binary the process to confine. It reads an order
// and answers with a report.
const confinedArgument = "confined-process"

// order is what the process is told: its plan, and a system call that its kernel
// is to lack, 0 for none.
type order struct {
	Plan    Plan
	Without uintptr
	// Outside is a directory that the plan does not name, and Descriptor one that
	// the process inherits although the plan does not keep it.
	Outside    string
	Descriptor int
}

// report is what the process has found. Each try is "" where it succeeded.
type report struct {
	State   State
	Error   string
	Message string
	PID     int
	Tries   map[string]string
}

func TestMain(m *testing.M) {
	if slices.Contains(os.Args, confinedArgument) {
		if err := json.NewEncoder(os.Stdout).Encode(beConfined()); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func beConfined() report {
	var o order
	message, state, err := Enter(func() (Plan, error) {
		text, err := io.ReadAll(os.Stdin)
		if err := errors.Join(err, json.Unmarshal(text, &o)); err != nil {
			return Plan{}, err
		}
		o.Plan.Message = text
		return o.Plan, without(o.Without)
	})
	if err != nil {
		return report{Error: err.Error()}
	}
	if err := json.Unmarshal(message, &o); err != nil {
		return report{Error: err.Error()}
	}
	r := report{State: state, Message: string(o.Plan.Message), PID: os.Getpid(), Tries: map[string]string{}}
	if err := state.Check(); err != nil {
		r.Error = err.Error()
	}
	for name, try := range tries(o) {
		if err := try(); err != nil {
			r.Tries[name] = err.Error()
			continue
		}
		r.Tries[name] = ""
	}
	return r
}

// without makes this process's kernel lack a system call, as an older one would.
func without(call uintptr) error {
	if call == 0 {
		return nil
	}
	var f filter
	f.load(offsetOfCall)
	f.call(call, refuse(unix.ENOSYS))
	f.end(unix.SECCOMP_RET_ALLOW)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	program := unix.SockFprog{Len: uint16(len(f)), Filter: &f[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program)))
	if errno != 0 {
		return errno
	}
	return nil
}

// tries are what the process attempts.
func tries(o order) map[string]func() error {
	inside, parent := o.Plan.Files.Write[0], os.Getppid()
	write := func(path string) func() error {
		return func() error { return os.WriteFile(path, []byte("x"), 0o600) }
	}
	read := func(path string) func() error {
		return func() error { _, err := os.ReadFile(path); return err }
	}
	return map[string]func() error{
		"write inside":           write(filepath.Join(inside, "file")),
		"rename inside":          func() error { return renameBetweenDirectories(inside) },
		"read what may be read":  read(filepath.Join(o.Plan.Files.Read[0], "file")),
		"write what may be read": write(filepath.Join(o.Plan.Files.Read[0], "file")),
		"read outside":           read(filepath.Join(o.Outside, "file")),
		"write outside":          write(filepath.Join(o.Outside, "new")),
		"remove outside":         func() error { return os.Remove(filepath.Join(o.Outside, "removable")) },
		"link to outside": func() error {
			if err := os.Symlink(filepath.Join(o.Outside, "file"), filepath.Join(inside, "link")); err != nil {
				return err
			}
			return read(filepath.Join(inside, "link"))()
		},
		"read /etc/passwd":           read("/etc/passwd"),
		"read another's environment": read(fmt.Sprintf("/proc/%d/environ", parent)),
		"listen":                     func() error { l, err := net.Listen("tcp", "127.0.0.1:0"); return errors.Join(err, closeIfOpen(l)) },
		"connect":                    func() error { c, err := net.Dial("udp", "127.0.0.1:9"); return errors.Join(err, closeIfOpen(c)) },
		"unix socket": func() error {
			l, err := net.Listen("unix", filepath.Join(inside, "socket"))
			return errors.Join(err, closeIfOpen(l))
		},
		"execute":                func() error { return exec.Command("/bin/true").Run() },
		"execute itself":         func() error { return exec.Command("/proc/self/exe", "-test.run=^$").Run() },
		"signal another process": func() error { return syscall.Kill(parent, 0) },
		"signal itself":          func() error { return syscall.Kill(os.Getpid(), 0) },
		"start a thread": func() error {
			started := make(chan error)
			go func() { runtime.LockOSThread(); started <- nil }() // the thread ends with it
			return <-started
		},
		"look at another process's memory": func() error {
			_, err := unix.ProcessVMReadv(parent, nil, nil, 0)
			return err
		},
		"inherited descriptor": func() error { _, err := unix.FcntlInt(uintptr(o.Descriptor), unix.F_GETFD, 0); return err },
	}
}

func closeIfOpen(c io.Closer) error {
	if l, ok := c.(*net.TCPListener); ok && l == nil || c == nil {
		return nil
	}
	return c.Close()
}

func renameBetweenDirectories(dir string) error {
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	return errors.Join(os.MkdirAll(a, 0o700), os.MkdirAll(b, 0o700), os.WriteFile(filepath.Join(a, "f"), nil, 0o600),
		os.Rename(filepath.Join(a, "f"), filepath.Join(b, "f")))
}

// confined runs the process in a mode and returns its report and its number.
func confined(t *testing.T, mode Mode, without uintptr) (report, int) {
	t.Helper()
	dir := t.TempDir()
	o := order{Without: without, Outside: filepath.Join(dir, "outside"), Descriptor: 3}
	o.Plan = Plan{Mode: mode, Descriptors: 3, Files: Files{
		Write: []string{filepath.Join(dir, "inside")}, Read: []string{filepath.Join(dir, "readable"), filepath.Join(dir, "absent")},
	}}
	for _, sub := range []string{"inside", "readable", "outside"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"file", "removable"} {
			if err := os.WriteFile(filepath.Join(dir, sub, name), []byte("secret"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	stray, err := os.Open(filepath.Join(dir, "outside", "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer stray.Close()
	var out bytes.Buffer
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$", confinedArgument)
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = bytes.NewReader(text), &out, os.Stderr, []*os.File{stray}
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	var r report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	return r, cmd.Process.Pid
}

// The kinds of what the process tries, by the part of the wall that stops them.
var (
	allowed   = []string{"write inside", "rename inside", "read what may be read", "signal itself", "start a thread"}
	byFiles   = []string{"write what may be read", "read outside", "write outside", "remove outside", "link to outside", "read /etc/passwd", "read another's environment"}
	byCalls   = []string{"listen", "connect", "unix socket", "execute", "execute itself", "signal another process", "look at another process's memory"}
	byClosing = []string{"inherited descriptor"}
)

func check(t *testing.T, r report, stopped ...[]string) {
	t.Helper()
	if r.Error != "" {
		t.Fatal(r.Error)
	}
	for _, name := range slices.Concat(stopped...) {
		if r.Tries[name] == "" {
			t.Errorf("%s: succeeded", name)
		}
	}
	for _, name := range allowed {
		if r.Tries[name] != "" {
			t.Errorf("%s: %s", name, r.Tries[name])
		}
	}
}

func TestEnter(t *testing.T) {
	r, pid := confined(t, Require, 0)
	if r.Error != "" && strings.Contains(r.Error, "kernel") {
		t.Fatalf("this kernel cannot confine a process, so nothing here is proven: %s", r.Error)
	}
	check(t, r, byFiles, byCalls, byClosing)
	if r.State.Landlock < minimumLandlock || !r.State.Seccomp || r.State.Missing != "" {
		t.Errorf("state %+v", r.State)
	}
	if r.PID != pid {
		t.Errorf("process %d became %d", pid, r.PID)
	}
}

func TestOffConfinesNothingButClosesDescriptors(t *testing.T) {
	r, _ := confined(t, Off, 0)
	check(t, r, byClosing)
	for _, name := range slices.Concat(byFiles, []string{"listen", "execute"}) {
		if r.Tries[name] != "" {
			t.Errorf("%s: %s", name, r.Tries[name])
		}
	}
	if r.State.String() != "not confined; switched off" {
		t.Errorf("state %+v", r.State)
	}
}

func TestKernelWithoutPartOfIt(t *testing.T) {
	for _, tt := range []struct {
		name    string
		without uintptr
		stopped [][]string
		open    []string
		missing string
	}{
		{"no Landlock", unix.SYS_LANDLOCK_CREATE_RULESET, [][]string{byCalls, byClosing}, byFiles, "no Landlock"},
		{"no seccomp", unix.SYS_SECCOMP, [][]string{byFiles, byClosing}, []string{"connect", "signal itself"}, "no seccomp filters"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, _ := confined(t, Auto, tt.without)
			check(t, r, tt.stopped...)
			for _, name := range tt.open {
				if r.Tries[name] != "" {
					t.Errorf("%s: %s; nothing should stop it here", name, r.Tries[name])
				}
			}
			if !strings.Contains(r.State.Missing, tt.missing) {
				t.Errorf("state %+v, want it to say %q", r.State, tt.missing)
			}
			if r, _ := confined(t, Require, tt.without); !strings.Contains(r.Error, tt.missing) {
				t.Errorf("require: %q, want %q", r.Error, tt.missing)
			}
		})
	}
}

// What State claims and does not hold is an error.
func TestCheckFindsAHole(t *testing.T) {
	err := State{Landlock: 7, Seccomp: true}.Check()
	for _, want := range []string{"read the root directory: got <nil>", "make a socket: got <nil>", "execute a program: got no such file", `does not say "`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want it to say %q", err, want)
		}
	}
}
