package chdb

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
)

// sockets are the listening sockets. The parent keeps them open while the
// server exists; the children accept connections. While there is no child,
// connections wait in the kernel's queue.
type sockets struct {
	http, native         *os.File
	httpAddr, nativeAddr string
	// local is for the native protocol without TLS, on a port of this machine alone; nil where
	// nativeAddr speaks no TLS either.
	local     *os.File
	localAddr string
}

func listen(cfg Config) (*sockets, error) {
	var s sockets
	var err error
	if s.http, s.httpAddr, err = listenOn(cfg.Host, cfg.HTTPPort); err != nil {
		return nil, fmt.Errorf("listen for HTTP (chdb.http_port): %w", err)
	}
	if s.native, s.nativeAddr, err = listenOn(cfg.Host, cfg.NativePort); err != nil {
		return nil, errors.Join(fmt.Errorf("listen for native TCP (chdb.native_port): %w", err), s.http.Close())
	}
	if cfg.TLS.IsSet() {
		if s.local, s.localAddr, err = listenOn("127.0.0.1", 0); err != nil {
			return nil, errors.Join(fmt.Errorf("listen for native TCP on this machine: %w", err), s.close())
		}
	}
	return &s, nil
}

// files returns the sockets in the order of their descriptors in the child.
func (s *sockets) files() []*os.File {
	files := []*os.File{httpDescriptor - 3: s.http, nativeDescriptor - 3: s.native}
	if s.local != nil {
		files = append(files, s.local)
	}
	return files
}

// listenOn returns a listening socket as a file, which a child can inherit.
func listenOn(host string, port int) (*os.File, string, error) {
	l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return nil, "", err
	}
	// The file is a duplicate, so the socket stays open without the listener.
	file, err := l.(*net.TCPListener).File()
	if err := errors.Join(err, l.Close()); err != nil {
		return nil, "", err
	}
	return file, l.Addr().String(), nil
}

func (s *sockets) close() error {
	var errs []error
	for _, file := range s.files() {
		errs = append(errs, file.Close())
	}
	return errors.Join(errs...)
}

// inherited returns the listener behind a file descriptor of the child.
func inherited(descriptor uintptr, name string) (net.Listener, error) {
	file := os.NewFile(descriptor, name)
	l, err := net.FileListener(file)
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, fmt.Errorf("inherit %s socket: %w", name, err)
	}
	return l, nil
}
