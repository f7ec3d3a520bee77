"""What a process took while it was watched."""
import os
import threading


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def cpu_s(pid):
    """Processor time that a process has used, in programs and in the kernel."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Watch(threading.Thread):
    """The most memory and descriptors that a process had, from its start until `over` is set."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.kib, self.files, self.over = pid, 0, 0, threading.Event()

    def run(self):
        while not self.over.wait(0.1):
            try:
                self.kib = max(self.kib, resident_kib(self.pid))
                self.files = max(self.files, len(os.listdir(f"/proc/{self.pid}/fd")))
            except (OSError, StopIteration):
                return
