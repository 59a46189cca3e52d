// libsystemd as BelfryJournal uses it: the journal's writer and reader, sd_notify, socket activation.
// The two functions below stand in for calls that Swift cannot reach: `gettid` and `pthread_setname_np`
// are GNU extensions that the Glibc module leaves out, and their raw forms are variadic.

#ifndef BELFRY_CSYSTEMD_SHIM_H
#define BELFRY_CSYSTEMD_SHIM_H

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

/// The kernel's id of the calling thread, as the journal's TID field wants it.
static inline int belfry_thread_id(void) { return (int)syscall(SYS_gettid); }

/// Names the calling thread in ps and gdb; the kernel keeps 15 bytes.
static inline void belfry_name_thread(const char *name) { (void)prctl(PR_SET_NAME, name); }

#endif
