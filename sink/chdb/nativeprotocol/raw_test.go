package nativeprotocol

import (
	"bytes"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/limits"
	"github.com/citytally/citytally/sink/chdb/nativeformat"
)

// rawClient speaks the protocol packet by packet.
type rawClient struct {
	t        *testing.T
	socket   net.Conn
	in       *proto.Reader
	revision int
}

func dialRaw(t *testing.T, address string, revision int) *rawClient {
	t.Helper()
	socket, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.Close() }) // the server may have closed it
	if err := socket.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return &rawClient{t: t, socket: socket, in: proto.NewReader(socket), revision: revision}
}

func (c *rawClient) send(write func(b *proto.Buffer)) {
	c.t.Helper()
	var b proto.Buffer
	write(&b)
	if _, err := c.socket.Write(b.Buf); err != nil {
		c.t.Fatal(err)
	}
}

func (c *rawClient) hello() {
	c.t.Helper()
	c.send(func(b *proto.Buffer) {
		proto.ClientHello{Name: "raw", ProtocolVersion: c.revision, User: "default"}.Encode(b)
		if proto.FeatureAddendum.In(c.revision) {
			b.PutString("")
		}
	})
	c.expect(proto.ServerCodeHello)
	var hello proto.ServerHello
	if err := hello.DecodeAware(c.in, c.revision); err != nil {
		c.t.Fatal(err)
	}
}

func (c *rawClient) expect(want proto.ServerCode) {
	c.t.Helper()
	got, err := c.in.UVarInt()
	if err != nil {
		c.t.Fatalf("want packet %d: %v", want, err)
	}
	if proto.ServerCode(got) == proto.ServerCodeException && want != proto.ServerCodeException {
		var e proto.Exception
		if err := e.DecodeAware(c.in, 0); err != nil {
			c.t.Fatal(err)
		}
		c.t.Fatalf("exception %+v", e)
	}
	if proto.ServerCode(got) != want {
		c.t.Fatalf("packet %d, want %d", got, want)
	}
}

func (c *rawClient) expectException(code proto.Error) {
	c.t.Helper()
	c.expect(proto.ServerCodeException)
	var e proto.Exception
	if err := e.DecodeAware(c.in, 0); err != nil {
		c.t.Fatal(err)
	}
	if e.Code != code {
		c.t.Errorf("exception %+v, want code %d", e, code)
	}
}

func (c *rawClient) query(body string) {
	c.t.Helper()
	c.send(func(b *proto.Buffer) {
		b.Encode(proto.ClientCodeQuery)
		b.PutString("id")
		info := proto.ClientInfo{ProtocolVersion: c.revision, Interface: proto.InterfaceTCP, Query: proto.ClientQueryInitial}
		info.EncodeAware(b, c.revision)
		b.PutString("") // settings
		if proto.FeatureInterServerSecret.In(c.revision) {
			b.PutString("")
		}
		b.PutUVarInt(2)
		b.PutUVarInt(0)
		b.PutString(body)
		if proto.FeatureParameters.In(c.revision) {
			b.PutString("")
		}
		putEmptyBlock(b)
	})
}

func putEmptyBlock(b *proto.Buffer) {
	b.Encode(proto.ClientCodeData)
	b.PutString("")
	b.PutRaw(nativeformat.HeaderBlock(nil, 0))
}

// Every revision that is spoken gets blocks of its own form.
func TestRevisions(t *testing.T) {
	address := startNative(t, limits.Clients{})
	for _, revision := range []int{oldestRevision, 54412, 54420, 54429, 54441, 54447, 54451, 54453, 54454, 54458, 54459, 54460, 54475} {
		c := dialRaw(t, address, revision)
		c.hello()
		spoken := min(revision, serverRevision)
		c.revision = spoken
		c.query("SELECT toUInt64(7) AS n")
		for range 2 { // header and rows
			c.expect(proto.ServerCodeData)
			if name, err := c.in.Str(); err != nil || name != "" {
				t.Fatalf("revision %d: name %q, %v", revision, name, err)
			}
			var block proto.Block
			var n proto.ColUInt64
			if err := block.DecodeBlock(c.in, spoken, proto.Results{{Name: "n", Data: &n}}); err != nil {
				t.Fatalf("revision %d: %v", revision, err)
			}
			if n.Rows() == 1 && n.Row(0) != 7 {
				t.Errorf("revision %d: got %d", revision, n.Row(0))
			}
		}
	}
}

func TestSmallPackets(t *testing.T) {
	c := dialRaw(t, startNative(t, limits.Clients{}), serverRevision)
	c.hello()
	c.send(func(b *proto.Buffer) { b.Encode(proto.ClientCodePing) })
	c.expect(proto.ServerCodePong)
	c.send(func(b *proto.Buffer) { b.Encode(proto.ClientCodeCancel); b.PutByte(clientKeepAlive) })
	c.send(func(b *proto.Buffer) {
		b.Encode(proto.ClientTablesStatusRequest)
		b.PutInt(2)
		for _, name := range []string{"one", "no such table"} {
			b.PutString("system")
			b.PutString(name)
		}
	})
	c.expect(proto.ServerCodeTablesStatus)
	var want proto.Buffer
	want.PutInt(1)
	want.PutString("system")
	want.PutString("one")
	want.PutBool(false)
	got := make([]byte, len(want.Buf))
	if err := c.in.ReadFull(got); err != nil || !bytes.Equal(got, want.Buf) {
		t.Errorf("tables status %q, %v", got, err)
	}
}

func TestCancelPacketEndsTheQuery(t *testing.T) {
	c := dialRaw(t, startNative(t, limits.Clients{}), serverRevision)
	c.hello()
	c.query("INSERT INTO FUNCTION null('n UInt8') SELECT sleepEachRow(0.1) FROM numbers(1000) SETTINGS max_block_size = 1")
	c.send(func(b *proto.Buffer) { b.Encode(proto.ClientCodeCancel) })
	c.expectException(proto.ErrQueryWasCancelled)
	c.send(func(b *proto.Buffer) { b.Encode(proto.ClientCodePing) })
	c.expect(proto.ServerCodePong)
}

func TestRefusesSparseColumns(t *testing.T) {
	c := dialRaw(t, startNative(t, limits.Clients{}), serverRevision)
	c.hello()
	c.query("INSERT INTO FUNCTION null('n UInt8') FORMAT Native")
	c.expect(proto.ServerCodeData)
	if _, err := c.in.Str(); err != nil {
		t.Fatal(err)
	}
	var block proto.Block
	if err := block.DecodeBlock(c.in, c.revision, nil); err != nil || block.Columns != 1 || block.Rows != 0 {
		t.Fatalf("header %+v, %v", block, err)
	}
	c.send(func(b *proto.Buffer) {
		b.Encode(proto.ClientCodeData)
		b.PutString("")
		proto.BlockInfo{BucketNum: -1}.Encode(b)
		b.PutInt(1)
		b.PutInt(1)
		b.PutString("n")
		b.PutString("UInt8")
		b.PutBool(true)
	})
	c.expectException(proto.ErrNotImplemented)
}

// Some clients give up on a server that is silent for 3 s.
func TestTellsThatASlowQueryRuns(t *testing.T) {
	c := dialRaw(t, startNative(t, limits.Clients{}), serverRevision)
	c.hello()
	c.query("INSERT INTO FUNCTION null('n UInt8') SELECT sleep(1.5)")
	var told []proto.Progress
	for {
		packet, err := c.in.UVarInt()
		if err != nil {
			t.Fatal(err)
		}
		if proto.ServerCode(packet) == proto.ServerCodeEndOfStream {
			break
		}
		if proto.ServerCode(packet) != proto.ServerCodeProgress {
			t.Fatalf("packet %d", packet)
		}
		var p proto.Progress
		if err := p.DecodeAware(c.in, c.revision); err != nil {
			t.Fatal(err)
		}
		told = append(told, p)
	}
	if len(told) < 2 {
		t.Errorf("told %+v", told)
	}
}

func TestHostileClients(t *testing.T) {
	address := startNative(t, limits.Clients{})
	huge := func(b *proto.Buffer) { b.PutUVarInt(1 << 62) }
	for name, write := range map[string]func(b *proto.Buffer){
		"unknown packet":     func(b *proto.Buffer) { b.PutUVarInt(77) },
		"second hello":       func(b *proto.Buffer) { b.PutUVarInt(0) },
		"data out of turn":   putEmptyBlock,
		"huge query id":      func(b *proto.Buffer) { b.Encode(proto.ClientCodeQuery); huge(b) },
		"huge tables status": func(b *proto.Buffer) { b.Encode(proto.ClientTablesStatusRequest); huge(b) },
		"endless varint":     func(b *proto.Buffer) { b.PutRaw(bytes.Repeat([]byte{0xff}, 20)) },
	} {
		t.Run(name, func(t *testing.T) {
			c := dialRaw(t, address, serverRevision)
			c.hello()
			c.send(write)
			if tcp, ok := c.socket.(*net.TCPConn); ok {
				_ = tcp.CloseWrite() // a server that waits for more must see the end
			}
			answer, err := io.ReadAll(c.in)
			if err != nil && !strings.Contains(err.Error(), "reset") {
				t.Fatal(err)
			}
			if len(answer) > 0 && answer[0] != byte(proto.ServerCodeException) {
				t.Errorf("answer %q", answer)
			}
		})
	}
	t.Run("browser", func(t *testing.T) {
		c := dialRaw(t, address, 0)
		c.send(func(b *proto.Buffer) { b.PutRaw([]byte("GET / HTTP/1.1\r\n\r\n")) })
		answer, _ := io.ReadAll(c.socket)
		if !strings.HasPrefix(string(answer), "HTTP/1.0 400 ") {
			t.Errorf("answer %q", answer)
		}
	})
	t.Run("too old", func(t *testing.T) {
		c := dialRaw(t, address, 54032)
		c.send(func(b *proto.Buffer) { proto.ClientHello{Name: "raw", ProtocolVersion: c.revision}.Encode(b) })
		c.expectException(proto.ErrServerRevisionIsTooOld)
	})
	t.Run("silent", func(t *testing.T) {
		c := dialRaw(t, startNative(t, limits.Clients{HandshakeTimeout: 20 * time.Millisecond}), serverRevision)
		if _, err := c.socket.Read(make([]byte, 1)); err == nil {
			t.Error("a client that does not greet is kept")
		}
	})
}
