namespace CriShim.Runtime.Criu;

/// <summary>Who has a say while a container is saved.</summary>
internal interface ICheckpointWatch
{
    /// <summary>criu was started; from now on it may be told to give up.</summary>
    void Begin(CriuProcess criu);

    /// <summary>All is saved and the processes still stand. False: the checkpoint is not wanted.</summary>
    bool OnSaved();
}
