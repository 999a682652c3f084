package chdb_test

import "testing"

// A child that pays no attention to its standard input, as a wedged engine
// would not, is ended by the kernel.
func TestKernelEndsTheChildWithItsParent(t *testing.T) {
	parent, pid := startParent(t, script(t, answer+"exec tail -f /dev/null"))
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := parent.Wait(); err == nil {
		t.Fatal("the parent ended well, want killed")
	}
	eventually(t, "the child is gone", func() bool { return gone(pid) })
}
