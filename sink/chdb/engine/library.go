package engine

import (
	"fmt"
	"reflect"
	"runtime"
	"unsafe"

	"github.com/ebitengine/purego"
)

// library is the part of libchdb's C interface that this package uses, as Go functions. A handle is a uintptr, because the
// library owns the memory behind it. Texts go in by address and length.
// Source: programs/local/chdb.h of chdb-core 26.7.
type library struct {
	Connect   func(argc int32, argv **byte) uintptr `symbol:"chdb_connect"`
	CloseConn func(connection uintptr)              `symbol:"chdb_close_conn"`

	Query        func(connection uintptr, query *byte, queryLen uintptr, format *byte, formatLen uintptr) uintptr `symbol:"chdb_query_n"`
	StreamQuery  func(connection uintptr, query *byte, queryLen uintptr, format *byte, formatLen uintptr) uintptr `symbol:"chdb_stream_query_n"`
	StreamFetch  func(connection, stream uintptr) uintptr                                                         `symbol:"chdb_stream_fetch_result"`
	StreamCancel func(connection, stream uintptr)                                                                 `symbol:"chdb_stream_cancel_query"`

	InsertOpen    func(connection uintptr, query *byte, queryLen uintptr, format *byte, formatLen uintptr) uintptr `symbol:"chdb_stream_insert_n"`
	InsertAppend  func(stream uintptr, data *byte, dataLen uintptr) int32                                          `symbol:"chdb_stream_append"`
	InsertDone    func(stream uintptr) uintptr                                                                     `symbol:"chdb_stream_done"`
	InsertCancel  func(stream uintptr)                                                                             `symbol:"chdb_stream_cancel_insert"`
	InsertError   func(stream uintptr) string                                                                      `symbol:"chdb_stream_insert_error"`
	InsertDestroy func(stream uintptr)                                                                             `symbol:"chdb_destroy_insert_stream"`

	ResultBuffer      func(result uintptr) unsafe.Pointer `symbol:"chdb_result_buffer"`
	ResultLength      func(result uintptr) uintptr        `symbol:"chdb_result_length"`
	ResultElapsed     func(result uintptr) float64        `symbol:"chdb_result_elapsed"`
	ResultRows        func(result uintptr) uint64         `symbol:"chdb_result_rows_read"`
	ResultReadRows    func(result uintptr) uint64         `symbol:"chdb_result_storage_rows_read"`
	ResultReadBytes   func(result uintptr) uint64         `symbol:"chdb_result_storage_bytes_read"`
	ResultWrittenRows func(result uintptr) uint64         `symbol:"chdb_result_rows_written"`
	ResultError       func(result uintptr) string         `symbol:"chdb_result_error"`
	ResultDestroy     func(result uintptr)                `symbol:"chdb_destroy_query_result"`

	Classify func(connection uintptr, query *byte, queryLen uintptr, database *byte, databaseLen uintptr, out *analysis) int32 `symbol:"chdb_classify_query_n"`

	SetSignalHandlers func(enabled int32) `symbol:"chdb_set_signal_handlers_enabled"`
}

// analysis is the C struct chdb_query_analysis_v1: what the engine's own parser found in a text.
type analysis struct {
	StructSize uint32
	Statements uint32
	Flags      uint32
	Class      uint32
}

// Classes of chdb_query_class that matter here.
const (
	classControl uint32 = 3 // changes the session's state, or writes outside the engine
	classUnknown uint32 = 4 // does not parse
)

// loadLibrary opens the shared library at path and binds every function of library. An error names a missing function.
func loadLibrary(path string) (*library, error) {
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, fmt.Errorf("load ClickHouse engine %s: %w", path, err)
	}
	lib := new(library)
	value := reflect.ValueOf(lib).Elem()
	for i := range value.NumField() {
		name := value.Type().Field(i).Tag.Get("symbol")
		address, err := purego.Dlsym(handle, name)
		if err != nil {
			return nil, fmt.Errorf("load ClickHouse engine %s: it lacks %s; version 26.7.3 or later is needed: %w", path, name, err)
		}
		purego.RegisterFunc(value.Field(i).Addr().Interface(), address)
	}
	return lib, nil
}

// connect opens one connection and returns the library's handle of it, or 0 when the library refuses.
func (l *library) connect(args ...string) uintptr {
	argv := make([]*byte, 0, len(args)+1)
	for _, arg := range args {
		argv = append(argv, unsafe.StringData(arg+"\x00"))
	}
	argv = append(argv, nil)
	connection := l.Connect(int32(len(args)), unsafe.SliceData(argv))
	runtime.KeepAlive(argv)
	return connection
}

// text returns the address and length of s, as the library takes a text. The caller keeps s alive during the call.
func text(s string) (*byte, uintptr) { return unsafe.StringData(s), uintptr(len(s)) }
