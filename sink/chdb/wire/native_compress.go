package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/ClickHouse/ch-go/proto"
	"github.com/go-faster/city"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// A compressed block travels in frames: a checksum of 16 bytes (CityHash128
// of the rest), a method byte, the compressed size (those 9 bytes included) and
// the plain size, then the data.
// Source: CompressedReadBufferBase.cpp of ClickHouse.
const (
	frameChecksumBytes = 16
	frameHeadBytes     = 9
	maxFrameBytes      = 1 << 30 // as ClickHouse's DBMS_MAX_COMPRESSED_SIZE
	keptFrameBytes     = 4 << 20 // a larger buffer is given back after use

	frameNone byte = 0x02
	frameLZ4  byte = 0x82
	frameZSTD byte = 0x90
)

// unpacker reads plain bytes from frames. A Read never goes past a frame,
// so nothing of the packet behind a block is taken.
type unpacker struct {
	raw    *tape
	method byte // of the last frame
	packed []byte
	plain  []byte
	rest   []byte // of plain, unread
	zstd   *zstd.Decoder
}

// Read implements io.Reader.
func (f *unpacker) Read(p []byte) (int, error) {
	for len(f.rest) == 0 {
		if err := f.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

func (f *unpacker) next() error {
	var head [frameChecksumBytes + frameHeadBytes]byte
	if _, err := io.ReadFull(f.raw, head[:]); err != nil {
		return truncated(err)
	}
	f.method = head[frameChecksumBytes]
	size := uint64(binary.LittleEndian.Uint32(head[17:]))
	plain := uint64(binary.LittleEndian.Uint32(head[21:]))
	if size < frameHeadBytes || size > maxFrameBytes || plain > maxFrameBytes {
		return exceptionf(proto.ErrTooLargeSizeCompressed, "A compressed frame of %d bytes for %d plain ones; at most %d are taken",
			size, plain, maxFrameBytes)
	}
	var err error
	f.packed = append(f.packed[:0], head[frameChecksumBytes:]...)
	if f.packed, err = readBytes(f.raw, f.packed, size-frameHeadBytes); err != nil {
		return err
	}
	sum := city.CH128(f.packed)
	if sum.Low != binary.LittleEndian.Uint64(head[:]) || sum.High != binary.LittleEndian.Uint64(head[8:]) {
		return exceptionf(proto.ErrChecksumDoesntMatch, "Checksum doesn't match: corrupted data in a compressed frame")
	}
	if err := f.unpack(f.packed[frameHeadBytes:], int(plain)); err != nil {
		return exceptionf(proto.ErrCannotDecompress, "Cannot decompress: %v", err)
	}
	f.rest = f.plain
	if cap(f.packed) > keptFrameBytes {
		f.packed = nil
	}
	return nil
}

// readBytes appends n bytes to p, growing it with what arrives.
func readBytes(t *tape, p []byte, n uint64) ([]byte, error) {
	for n > 0 {
		if err := t.need(1); err != nil {
			return p, truncated(err)
		}
		step := min(n, uint64(t.end-t.pos))
		p = append(p, t.buf[t.pos:t.pos+int(step)]...)
		t.pos += int(step)
		n -= step
	}
	return p, nil
}

// unpack decompresses into plain. Memory is taken only when the data can hold
// as many bytes as the frame says.
func (f *unpacker) unpack(packed []byte, size int) (err error) {
	if cap(f.plain) > keptFrameBytes && size <= keptFrameBytes {
		f.plain = nil
	}
	n := 0
	switch f.method {
	case frameNone:
		f.plain = append(f.plain[:0], packed...)
		n = len(f.plain)
	case frameLZ4:
		if size > 255*len(packed)+64 {
			return errors.New("the plain size is beyond what LZ4 can pack")
		}
		f.plain = grown(f.plain, size)
		n, err = lz4.UncompressBlock(packed, f.plain)
	case frameZSTD:
		var head zstd.Header
		if err := head.Decode(packed); err == nil && head.HasFCS && head.FrameContentSize != uint64(size) {
			return fmt.Errorf("%d plain bytes where the frame says %d", head.FrameContentSize, size)
		}
		if f.zstd == nil {
			f.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
				zstd.WithDecoderMaxMemory(maxFrameBytes))
			if err != nil {
				return err
			}
		}
		f.plain, err = f.zstd.DecodeAll(packed, f.plain[:0])
		n = len(f.plain)
	default:
		return fmt.Errorf("method 0x%02x is not LZ4, ZSTD or NONE", f.method)
	}
	if err != nil {
		return err
	}
	if n != size {
		return fmt.Errorf("%d plain bytes where the frame says %d", n, size)
	}
	return nil
}

func grown(p []byte, size int) []byte {
	if cap(p) < size {
		return make([]byte, size)
	}
	return p[:size]
}

// close gives back what the decoder holds.
func (f *unpacker) close() {
	if f.zstd != nil {
		f.zstd.Close()
	}
}

// packBytes is how much goes into one frame, as ClickHouse's
// max_compress_block_size.
const packBytes = 1 << 20

// packer compresses what is written to it into frames.
type packer struct {
	out     io.Writer
	method  compress.Method
	frames  *compress.Writer
	pending []byte
}

// use makes later frames of that method.
func (w *packer) use(method compress.Method) {
	if w.frames == nil || w.method != method {
		w.method, w.frames = method, compress.NewWriter(compress.LevelZero, method)
	}
}

// Write implements io.Writer.
func (w *packer) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		step := min(len(p), packBytes-len(w.pending))
		w.pending = append(w.pending, p[:step]...)
		p = p[step:]
		if len(w.pending) == packBytes {
			if err := w.Flush(); err != nil {
				return 0, err
			}
		}
	}
	return n, nil
}

// Flush sends what is pending as a frame; a block ends with it.
func (w *packer) Flush() error {
	if len(w.pending) == 0 {
		return nil
	}
	err := w.frames.Compress(w.pending)
	w.pending = w.pending[:0]
	if err != nil {
		return fmt.Errorf("compress block: %w", err)
	}
	_, err = w.out.Write(w.frames.Data)
	return err
}
